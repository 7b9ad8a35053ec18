"""The verb of a clause in both languages: finite form, helpers, participle, separable prefix."""

from __future__ import annotations

from collections.abc import Callable

from attncli.text.embedded.clause import THIRD, Clause, Token, Tokens
from attncli.text.embedded.lexicon import Lexicon

Parts = dict[str, Tokens]


def verb_phrase(
    words: Lexicon,
    clause: Clause,
    person: int,
    order: str,
    negation: int,
    key: Callable[[], int],
) -> tuple[Parts, Parts, list[str]]:
    """The verb's parts by their names in the orders of the grammar, and the phenomena in them.

    `negation` is the key of the English `not`, 0 for none; the German one is placed elsewhere.
    English `do` stands for nothing in the German present and has no key there.
    """
    verb, tense = clause.verb, clause.tense
    main = (key(),)
    en: Parts = {"not": [Token("not", (negation,))]} if negation else {}
    if verb is None:
        forms = words.auxiliaries["be"][tense]
        en["auxiliary"] = [Token(forms["en"][person], main)]
        return en, {"finite": [Token(forms["de"][person], main)]}, []

    small = verb.particle or verb.preposition
    prefix = (key(),) if small and verb.prefix else main
    both = main if prefix == main else main + prefix
    if small:
        en["particle" if verb.particle else "preposition"] = [Token(small, prefix)]
    supported = bool(negation) or order == "question"
    if tense == "present":
        if supported:
            en["auxiliary"] = [Token(words.auxiliaries["do"]["en"][person], ())]
        base = supported or person != THIRD
        en["verb"] = [Token(verb.en[0 if base else 1], main)]
        finite = verb.present[person]
        if not verb.prefix:
            return en, {"finite": [Token(finite, main)]}, []
        if order == "subordinate":
            joined = Token(verb.prefix + finite, both)
            return en, {"finite": [joined]}, ["separable verb, joined"]
        de = {"finite": [Token(finite, main)], "closing": [Token(verb.prefix, prefix)]}
        return en, de, ["separable verb, apart"]

    helper = (key(),)
    if tense in words.modals:
        modal = words.modals[tense]
        negative: list[str] = modal.get("negative", []) if negation else []
        if len(negative) == 1:
            en["not"] = []
            en["auxiliary"] = [Token(negative[0], (*helper, negation))]
        else:
            en["auxiliary"] = [Token(tense, helper)]
        en["verb"] = [Token(verb.en[0], main)]
        closing = Token(verb.prefix + verb.infinitive, both)
        de = {"finite": [Token(modal["de"][person], helper)], "closing": [closing]}
        return en, de, ["modal with infinitive"]

    if tense == "perfect":
        en["auxiliary"] = [Token(words.auxiliaries["have"]["en"][person], helper)]
        en["verb"] = [Token(verb.en[3], main)]
    elif supported:
        en["auxiliary"] = [Token(words.auxiliaries["do"]["past"], helper)]
        en["verb"] = [Token(verb.en[0], main)]
    else:
        en["verb"] = [Token(verb.en[2], main + helper)]
    finite = words.auxiliaries["have"]["de"][verb.auxiliary][person]
    closing = Token(verb.prefix + verb.participle, both)
    seen = [f"perfect with {verb.auxiliary}"] + ["separable verb, participle"] * bool(verb.prefix)
    return en, {"finite": [Token(finite, helper)], "closing": [closing]}, seen
