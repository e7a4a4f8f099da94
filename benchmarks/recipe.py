"""The reward functions that GRPO users run today, in process: math-verify, a format regex, langdetect. The peer."""

import re

_FORMAT = re.compile(r"^<think>.*?</think>\s*<answer>.*?</answer>\s*$", re.DOTALL)
_THINK = re.compile(r"<think>(.*?)</think>", re.DOTALL)


def load():
    """Import the peer's libraries and return `reward(completion, reference) -> float`."""
    from langdetect import DetectorFactory, LangDetectException, detect
    from latex2sympy2_extended import NormalizationConfig
    from math_verify import ExprExtractionConfig, LatexExtractionConfig, parse, verify

    DetectorFactory.seed = 0
    targets = [LatexExtractionConfig(normalization_config=NormalizationConfig()), ExprExtractionConfig()]

    def reward(completion: str, reference: str) -> float:
        gold = parse(f"${reference}$")
        predicted = parse(completion, extraction_config=targets)
        accuracy = float(verify(gold, predicted))
        layout = float(bool(_FORMAT.match(completion)))
        thought = _THINK.search(completion)
        try:
            language = float(detect(thought[1] if thought else completion) == "en")
        except LangDetectException:
            language = 0.0
        return accuracy + layout + language

    return reward
