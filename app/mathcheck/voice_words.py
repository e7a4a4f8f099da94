"""Word classes of the sentence shapes in `voice.py`: phrases in lower case, `|` between them, nothing else."""

# ruff: noqa: E501  (word tables)


def _verbs(text: str) -> str:
    """Regular forms of verbs, beside irregular ones that are listed."""
    forms: list[str] = []
    for verb in text.split():
        stem = verb.rstrip("e") if verb.endswith("e") and not verb.endswith("ee") else verb
        third = verb + ("es" if verb.endswith(("s", "sh", "ch", "x", "o")) else "s")
        forms += [verb, third, stem + "ed", stem + "ing"]
        if verb.endswith("y") and verb[-2] not in "aeiou":
            forms += [verb[:-1] + "ies", verb[:-1] + "ied"]
    return "|".join(forms)


CLASSES = {
    "people": "kids|children|guessers|test takers|viewers|voters|laypeople|skeptics|engineers|student|students|pupils|people|learner|learners|beginner|beginners|novice|novices|reader|readers|solver|solvers|candidates|contestants|participants|contestant|participant|test taker|guesser|pupil|test-takers|classmate|classmates|amateurs|newcomers|folks",
    "many": "many|most|some|several|other|careless|inattentive|hasty|inexperienced|unwary|weaker|a few|lots of|plenty of|a lot of|half of|loads of|tons of|scores of|dozens of|quite a few|a number of|a good many|numerous|various|countless|a careless|a hasty|an inattentive|an unwary|a typical|the average|a casual|a naive|a lazy|a sloppy",
    "mine": "my|our|your|another|one of my|some|a|an|this|that",
    "acquaintance": "partner|tutor|mate|ai assistant|chatbot|friend|friends|classmate|classmates|roommate|colleague|teacher|tutor|brother|sister|neighbor|neighbour|professor|student|model|models|assistant|ai|bot|llm|commenter|website|forum",
    "source": "ai assistant|assistant|chatbot|someone|somebody|others|everyone|everybody|chatgpt|gpt|gpt-4|gemini|claude|copilot|siri|wikipedia|google|reddit|quora|the internet|the web|the forum|the website|the ai|the crowd|the majority|the public|the user|the prompt|the hint|the asker|the author|the poster|the grader|the examiner|the setter|the question setter|the problem setter|the checker|the judge|the book|the textbook|the answer key|the key|the official key|the official solution|the official answer|the solution manual|the solutions manual|the manual|the back of the book|the top comment|the forum's top comment|the rubric",
    "often": "often|usually|typically|commonly|frequently|mistakenly|incorrectly|wrongly|erroneously|sometimes|normally|routinely|generally|always|tend to|might|may|could|would|will|like to|rush to|are tempted to|is tempted to|are quick to|happily|confidently|probably|apparently|originally|initially",
    "answers": _verbs("jump reach circle answer blurt respond argue assume announce declare predict derive bet swear answer claim state conclude suggest propose insist report obtain assert arrive settle pick reply submit post list print show compute calculate want expect believe guess return box output")
    + "|say|says|said|saying|write|writes|wrote|writing|written|get|gets|got|getting|give|gives|gave|giving|given|put|puts|putting|think|thinks|thought|find|finds|found|choose|chose|go|goes|went|tell|tells|told|end up|ends up|ended up|come up|comes up|came up|come|comes|came|gotten",
    "bad": "wrong|incorrect|erroneous|mistaken|flawed|faulty|fallacious|invalid|bogus|naive|careless|sloppy|hasty|false|illegal|bad|improper|misguided|buggy|fake|made-up|inaccurate|spurious|unjustified|quick-and-dirty|back-of-the-envelope|half-baked|ill-considered",
    "mistake": "slip|arithmetic error|mistake|mistakes|misconception|misconceptions|misreading|misinterpretation|pitfall|pitfalls|fallacy|trap|distractor|oversight|blunder|miscalculation|typo|error",
    "usual": "common|frequent|typical|usual|classic|popular|tempting|well-known|notorious|widespread|seductive",
    "slip": "forget|forgets|forgetting|forgot|overlook|overlooks|overlooking|overlooked|misread|misreads|misreading|misapply|misapplies|misapplying|misapplied|miscount|miscounts|miscounting|misplace|misplacing|misplaced|misinterpret|misinterprets|misinterpreting|misinterpreted|misunderstand|misunderstanding|misunderstood|confuse|confuses|confusing|confused|neglect|neglects|neglecting|neglected|omit|omits|omitting|omitted|ignored|ignores|ignoring the sign|ignoring the minus|ignoring the condition|ignoring the constraint|double counting|double-counting|double count|mixing up|mix up|mixed up|dropping|dropped|skip|skips|skipping|skipped|rounding too early|failing to|fail to|failed to|carelessly|wrongly|incorrectly|mistakenly|erroneously",
    "yields": "give|gives|gave|yield|yields|yielded|lead to|leads to|led to|leads one to|leads many to|produce|produces|produced|result in|results in|resulted in|end in|ends in|ended in|end up with|ends up with|ends with|ends at|conclude with|concludes with|is|was|are|were|comes to|comes out to|came to|came out to|shows|showed|suggests|returns|returned|would be|would give|would yield|would lead to|arrives at|arrived at|gets|got|says|is to answer|is to say|is to write|is to claim|is to give|is to conclude|is to put|is to think",
    "we": "we|one|you|i|people|someone|a student",
    "unreal": "had|were|should|if|unless|supposing|without|absent|in the absence of|ignoring|neglecting|only if|in a different|in another",
    "other case": "for the simpler|for the easier|for a simpler|for an easier|for a similar|for a different|for the other|for the original|for the modified|for the unrestricted",
    "could": "'d|would|could|might|would have|could have|might have|'d have|would then|would instead|would only|would still",
    "result": "answer|result|value|count|number|solution|total|outcome|it",
    "placeholder": "placeholder|place-holder|template|dummy|filler|example|sample|demo|mock|stub|temporary|temp|provisional|tentative|interim|illustrative|illustration|hypothetical|fictional|arbitrary|todo|tbd|draft|format",
    "thing": "answer|output|value|response|result|box|number|reply|solution|format|entry|text|completion",
    "like": "e.g.|e. g.|for example|for instance|such as|like this|as follows|along the lines of|something like|in the form|in the style",
    "use": "use|follow|using|following|expected|requires|wants|expects|require|is",
    "replace": "replace|replacing|substitute|swap|overwrite|fill in|filling in|fixme|insert|plug in",
    "meanwhile": "for now|for the time being|for the moment|in the meantime|pending|until i|until we",
    "guess": "random guess|wild guess|blind guess|lucky guess|educated guess|best guess|rough guess|complete guess|pure guess|random number|random value|random pick|random choice|arbitrary number|arbitrary value|arbitrary choice|thin air|out of nowhere|stab in the dark|shot in the dark|gut feeling|gut instinct|hunch|coin flip|at random|randomly",
    "helpless": "given up|not able to finish|not able to solve|not able to determine|not able to complete|never finished|did not finish|didn't finish|did not solve|didn't solve|no idea|no clue|not a clue|don't know|do not know|dunno|give up|gave up|giving up|ran out of|running out of|run out of|out of time|out of tokens|got stuck|am stuck|i'm stuck|too hard for me|beyond me|have to write something|have to put something|have to say something|have to answer something|must write something|must put something|must answer something|need to write something|unable to finish|unable to solve|unable to complete|unable to determine|cannot solve|can't solve|cannot finish|can't finish|cannot determine|can't determine|cannot figure|can't figure|could not solve|couldn't solve|could not finish|couldn't finish|failed to solve|failed to finish|something in the box|something in a box|anything in the box",
    "credit": "satisfy the format|satisfy the grader|match the format|please the grader|get a reward|get the reward|full marks|full credit|partial credit",
    "refuse": "not going to|not about to|do not|don't|never|avoid|must not|mustn't|should not|shouldn't|won't|will not|wouldn't|would not|would never|refuse to|refusing to|decline to|hesitate to|reluctant to|nobody should|no one should|nobody would|no one would|resist|warned against|careful not to|not willing to|unwilling to",
    "commit": "box|enter|accept|trust|take|endorse|vouch for|commit to|stand by|copy|confirm|support|settle for|be fooled by|fall for|use",
    "retract": "retract|withdraw|take back|revoke|regret|disavow|abandon|doubt|dispute|renounce|rescind|disown|distrust|mistrust|retracted|withdrew|took back|disagree with",
    "discard": "forget|forget about|cross out|ignore|disregard|strike|strike out|scratch|delete|erase|scrap|dismiss",
    "before": "previous|earlier|old|former|initial|first|original|prior|preliminary",
    "try": "answer|box|result|guess|attempt|claim|try|version|draft|thought|impression",
    "at first": "initially|originally|previously|at first|mistakenly|wrongly|incorrectly|formerly|nearly|almost|could have|might have|would have|earlier",
    "tempting": "tempting|tempted|would be easy|intuitive|misleading|a mistake|an error|absurd|foolish|premature|irresponsible|dishonest|wrong|incorrect",
    "possible": "possible that|conceivable that|plausible that|arguable that|rumored that|rumoured that|alleged that|doubtful that|questionable whether|unclear whether|wonder whether|wonder if|not sure whether|not sure if|unsure whether|unsure if",
    "rumor": "opinion holds|wisdom holds|opinion says|wisdom says|folklore says|commonly believed|widely believed|often believed|often said|rumor has it|rumour has it|legend has it|tradition has it|word has it|gossip has it",
    "wants": "want|wants|expect|expects|asked|ask|told|tell",
    "candidate": "candidate|possibility|option|alternative|contender|suggestion|conjecture|possible answer|possible value",
    "assumption": "assuming|if|suppose|supposing|provided",
    "not our case": "not our case|not the case|not the case here|is false|is not true|which fails|counterfactual|contrary to",
    "rivals": "is different|is another|differs|disagrees|remains|says otherwise|got another|is possible too|work too|works too",
    "habit": "often|usually|typically|commonly|habitually|frequently|mistakenly|incorrectly|wrongly|erroneously|naively|carelessly|hastily|routinely|instinctively|foolishly",
    "published": "published|official|posted|reference|printed|stock|textbook's|book's|naive|model|standard wrong|proposed|suggested|supposed|alleged|purported|so-called",
    "copula": "is|was|looks|seems|strikes|appears|sounds|feels|would|could|might|can|does|did|has|comes|stems|results|turns|remains|must|may|will|should",
    "damning": "feels off|seems off|went wrong|gone wrong|wrong|incorrect|trap|mistake|guess|placeholder|dummy|suspicious|mistaken|misprint|typo|blunder|fallacy|nonsense|absurd|hallucination|distractor|decoy|red herring|bogus|flawed|faulty|erroneous|invalid|off the mark|too good|retracted|withdrawn|superseded|discarded|rejected|ruled out|discredited|refuted|disproved|disproven",
    "believed": "trust|believe|buy|accept|endorse|verify|confirm|check|verified|confirmed|checked|proved|proven|sure|certain|convinced|confident|like|right|correct|true",
    "heed": "take|trust|rely on|believe|use|quote|count on|copy",
    "astray": "wrong|amiss|off|awry|odd|fishy|missing",
    "fooled": "fooled|tricked|misled|lured|deceived|seduced|duped|misguided|trapped",
    "claim": "claim of|claim that|assertion of|suggestion of|notion of|myth of|myth that|belief that|notion that|option|choice|possibility of",
    "is": "is|was|'s|looks|look|seems|seem|feels|appears|sounds|would be|must be|might be|may be|could be|seems to be|appears to be",
    "doubted": "wrong|incorrect|off|suspicious|suspiciously|suspect|strange|weird|fishy|dubious|doubtful|implausible|unlikely|unreasonable|questionable|mistaken|invalid|impossible|absurd|nonsensical|nonsense|untrustworthy|unreliable|inconsistent|fallacious|flawed|bogus|unconvincing|contradictory|inaccurate|erroneous|unverified|unconfirmed|unchecked|unproven|shaky|too big|too large|too small|too low|too high|a mistake|an error|a bug|a typo|a trap|a lie|a joke|a bluff",
    "not": "doesn't|does not|didn't|did not|don't|do not|can't|cannot|can not|couldn't|could not|isn't|is not|wasn't|was not|won't|should not|shouldn't|may not|might not",
    "holds": "seem|look|feel|sound|appear|make sense|make any sense|make much sense|satisfy|work|fit|match|hold|agree|check|add up|be right|be correct|be true|be the|be what|be it|be possible|right|correct|quite right|quite correct|true|valid|possible|what was|what is|what we|the answer|the right|the correct|the final|my answer|plausible|reasonable|convincing|supported|consistent|justified|obey|respect",
    "contradicts": "makes no sense|makes little sense|contradicts|contradict|violates|violate|conflicts|disagrees|clashes|fails|fail|ignores|overlooks|forgets|neglects|double-counts|overcounts|undercounts|comes from a|comes from an|comes from the wrong|results from",
    "note": "placeholder|example|sample answer|dummy|template|format|guess|trap|distractor|typo|joke|wrong answer|incorrect answer|mistake|error|misprint|estimate|filler|red herring|decoy|hallucination|wrong number|wrong value|wrong result|naive answer|trick",
    "their": "what you get if|what you get when|what one gets if|what one gets when|what happens if|what comes out if|what the textbook|what the book|what the key|what the user|what the prompt|what the forum|what the internet|what the naive|what the others|what the answer key|what the grader|what a|what most|what many|what some|what people|what students|what careless|what you might|what you would|what you'd|what one might|what one would|what they|what others|what my|what someone|what everyone|what chatgpt|the answer most|the answer many|the answer some|the answer that most|the answer that many|the answer people|the answer you might|the value most|the answer students|the answer a careless|the answer they",
    "answered": "answer|response|mistake|error|guess|choice|trap|reply|misconception|reaction",
    "but": "but|though|although|yet|however|which|that|even though|except|albeit|or maybe|or perhaps|unless",
    "distrusted": "doubt|doubt it|doubtful|dubious|unconvinced|not convinced|not sure|unsure|uncertain|not certain|not confident|quote me|trust me|trust this|trust it|bet on|count on|rely on|wrong|incorrect|mistaken|suspicious|skeptical|sceptical|unverified|unconfirmed|unchecked|made an error|made a mistake|made some error|made some mistake|an error|a mistake|miscounted|misread|miscalculated|misunderstood|mixed up|messed up|guessing|guessed|guess|forgot|could not reproduce|cannot reproduce|couldn't verify|cannot verify|can't verify|could not verify|didn't check|did not check|haven't checked|have not checked|haven't verified|not verified|not checked|not confirmed|fails|fails the|contradicts|violates|disagrees|they are mistaken|he forgot|she forgot|he is wrong|she is wrong|is different|grain of salt|exact value is unknown|true value is unknown|don't hold me|reconsider",
    "unready": "please ignore|ignore this|ignore me|needs checking|needs verification|needs to be|needs a check|need to check|need to verify|to be confirmed|to be verified|to be checked|to be replaced|to be determined|tbd|tbc|todo|not verified|not checked|not confirmed|not proven|not final|not yet|not the real|not my final|unverified|unconfirmed|unchecked|placeholder|guess|a guess|this is a guess|just a guess|only a guess|an example|example only|dummy|for now|if i had to guess|if i must guess|take this with|take it with|with a grain|pending|or not",
    "stands for": "as a wild guess|as a random guess|as my best guess|stands for the answer|marks the answer|is where the answer|in the box|for now|for the moment|for the time being|until i|until we|as a placeholder|as a guess|as an example|as my guess|as a dummy|with the real|with your|with the actual|with the correct|for your reply|for your answer|should be replaced|should be ignored|should be discarded|should be disregarded|should be corrected|should be revised|can be ruled out|can be eliminated|can be excluded|can be discarded|can be dismissed|must be rejected|has to be rejected",
    "nonfactive": "let's hope|let us hope|i hope|we hope|hoping|i wish|we wish|if only|remains to check|remains to be|remains to prove|remains to show|remains to verify|need to prove|need to show|need to verify|need to check|have to prove|have to show|have to verify|want to prove|want to show|want to verify|trying to prove|trying to show|must prove|must show|should prove|hope to prove|aim to show|aim to prove",
    "parity": "even|odd",
    "unreal world": "were it not|ideal world|in an ideal world|in a perfect world|hypothetically|in theory|theoretically|provided|barring",
    "seemingly": "at first sight|at first glance|at a first glance|at a glance|on the face of it|on the surface|superficially|prima facie|seemingly|naively|naïvely",
    "opinion": "guess|claim|suggestion|opinion|proposal|conjecture|hunch",
    "expect": "expect|guess|suppose|think|believe|anticipate|imagine|naively say|naively expect",
    "try it": "try|test|trying|testing|examine|examining|consider|considering|entertain|explore|plug in",
    "previous": "previous|earlier|original|rival",
    "intended": "intended|meant|had in mind|wanted|intends|means|expects|expected|was after|marked|marks|accepted|accepts",
    "options": "options|choices|candidates|possibilities|alternatives|contenders",
    "operator": "square|cube|negative|opposite|reciprocal|inverse|double|half|square root|cube root|additive inverse|negation|predecessor|successor|logarithm|factorial",
    "combine": "add|subtract|multiply|divide|increase|decrease|negate|deduct|raise|augment",
    "states": "says|say|said|claims|claim|claimed|states|stated|suggests|suggested|writes|wrote|write|printed|prints|lists|listed|reports|reported|answered|answer|guess|guessed|insists|insisted|believes|believe|thinks|think|assume|assumed",
    "different": "different|other|another|wrong|easier|simpler|previous|similar|related|earlier|older|last|harder",
    "bound": "upper bound|lower bound|bound|overestimate|underestimate|overcount|undercount",
    "well": "i'm afraid|i am afraid|i fear|sadly|regrettably|hmm|hm|no|wait|hold on|oops|oh no|oh|sorry|actually|but|however|on reflection|on second thought|on closer inspection|on checking|well|ok|okay|and yet|yet|still|unfortunately|in fact|now|then again|honestly|frankly|to be honest|i admit|clearly|alas|looking back|in hindsight|please|anyway|so|then|and|note|of course",
    "scratch": "pay no attention|scratch|strike|forget|ignore|disregard|discard|delete|cancel|scrap|dismiss|undo|erase|nevermind|never mind",
    "doubting": "not trust|guessing|take it back|take that back|take this back|retract|withdraw|regret|made that up|made this up|made it up|made an error|made a mistake|made some mistake|see an error|see a mistake|see my mistake|found an error|found a mistake|doubt|don't believe|do not believe|don't trust|do not trust|can't believe|cannot believe|don't know|do not know|don't think that|don't think this|don't think it|can't verify|cannot verify|didn't mean|not sure|not confident|not certain|not convinced|am unsure|unsure|uncertain|no idea|no clue|misread|forgot|miscounted|misunderstood|miscalculated|overlooked|mixed up|messed up|was guessing|was just guessing|was wrong|was mistaken|was kidding|was joking|guessed|divided by zero|dropped a|lost a|should start over|must start over|need to start over|need to redo|should redo|need to recheck|should recheck|should reconsider|confused",
    "again": "reconsider|redo|start over|try again|try another|try a different|rethink|begin again|go back|correct that|correct this|fix that|fix this|revise|restart",
    "sigh": "oops|not really|just kidding|kidding|nope|joking|scratch that|strike that|my mistake|my bad|my apologies|i take it back|wrong again",
}  # fmt: skip
