"""How often a model writes `it` in its right German gender, on the embedded documents.

    python docs/pronouns.py [--look] RUN [RUN ...]

A translation is right where it holds a pronoun, and none but forms of the reference's gender. The
share of the most frequent gender is what a model reaches that always writes the same one. With
--look, of document models: where the weight lies while they write the pronoun of the reference.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

import torch

from attncli import machine
from attncli.experiment import load, source_of
from attncli.objective import shifted
from attncli.recipe import Recipe
from attncli.run import Run
from attncli.text.corpus import Data
from attncli.text.documents import Past
from attncli.text.embedded.lexicon import lexicon, packaged_grammar
from attncli.text.pair import Pair
from attncli.translate import Translator

FORMS = {"er": "m", "ihn": "m", "sie": "f", "es": "n"}


def genders(text: str) -> set[str]:
    """The genders of the pronouns in a German sentence."""
    return {FORMS[word] for word in text.split() if word in FORMS}


def rights(translator: Translator, pairs: list[Pair], places: list[int]) -> Counter[str]:
    """How many of the sentences at these places are right, by gender."""
    documents = [pair.document for pair in pairs]
    found = translator.translate([pair.src for pair in pairs], documents=documents)
    asked = [(genders(pairs[place].tgt), genders(found[place].text)) for place in places]
    return Counter(gender for wanted, held in asked if wanted == held for gender in wanted)


def measure(path: Path, beam: int) -> str:
    """The figures of one run."""
    loaded = load(Run.open(path))
    data: Data = loaded.recipe.build("data")
    pairs = list(data.load().tests["test"])
    single = Data(name=data.name, src=data.src, tgt=data.tgt, seed=data.seed)
    alone = [pair._replace(document=None) for pair in single.load().tests["test"]]
    places = [number for number, pair in enumerate(alone) if "it" in pair.src.split()]
    flags = {"--beam": ("search.beam", str(beam))} if beam else {}
    recipe = Recipe.read(loaded.run.recipe_file, flags=flags)
    translator = Translator([loaded], recipe.build("search"))
    asked = Counter(gender for place in places for gender in genders(pairs[place].tgt))
    right, blind = (rights(translator, which, places) for which in (pairs, alone))
    each = "  ".join(f"{name} {right[name]}/{asked[name]}" for name in ("m", "f", "n"))
    return (
        f"{path.name}: {100 * right.total() / len(places):.1f}% of {len(places)} pronouns right "
        f"({each}), {100 * blind.total() / len(places):.1f}% of sentences without their document; "
        f"the most frequent gender has {100 * max(asked.values()) / len(places):.1f}%"
    )


@torch.inference_mode()
def looks(path: Path) -> str:
    """What a document model looks at while it writes the pronoun."""
    loaded = load(Run.open(path))
    codec, data = loaded.codec, loaded.recipe.build("data")
    kinds = lexicon(packaged_grammar()).nouns.items()
    things = {word for kind, nouns in kinds if kind != "person" for n in nouns for word in n.en}
    past: Past[tuple[str, list[int]]] = Past(loaded.model.previous)
    nearest, found, total = 0.0, 0, 0
    for pair in data.load().tests["test"]:
        (src,), (tgt,) = codec.encode_source([pair.src]), codec.encode_target([pair.tgt])
        before = past.hear((pair.src, src), pair.document, True)
        if "it" not in pair.src.split():
            continue
        source = source_of([src], torch.device("cpu"), [[ids for _, ids in before]])
        trace = loaded.model(source, shifted(torch.tensor([tgt])), look=True).trace
        place = next(n for n, word in enumerate(pair.tgt.split()) if word in FORMS)
        step = codec.words(pair.tgt, tgt, 1).index(place)
        nearest += float(trace["context.sentences"][0, step, 0])
        text, ids = before[0]
        heaviest = codec.words(text, ids, 0)[int(trace["context.words"][0, step, 0].argmax())]
        found += heaviest >= 0 and text.split()[heaviest] in things
        total += 1
    return (
        f"  of its weight on sentences {100 * nearest / total:.1f}% is on the one before; in "
        f"{100 * found / total:.1f}% the word with the most weight there is what `it` stands for"
    )


def main() -> None:
    """Prints a line for each run."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN")
    parser.add_argument("--beam", type=int, default=0, help="width; by default the recipe's")
    parser.add_argument("--look", action="store_true")
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    machine.prepare("cpu", given.threads)
    for path in given.runs:
        print(measure(path, given.beam), flush=True)
        if given.look:
            print(looks(path), flush=True)


if __name__ == "__main__":
    main()
