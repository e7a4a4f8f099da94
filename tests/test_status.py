from app.status import FAULT, Fault, Status


def test_every_status_has_a_fault():
    assert set(FAULT) == set(Status)


def test_only_our_fault_and_the_datas_abstain():
    assert {s for s in Status if s.abstains} == {s for s in Status if s.fault in (Fault.DATA, Fault.SERVICE)}
