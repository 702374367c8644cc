"""The parts that read a text for one code system: lexicon, similar phrases, linear model, neighbours, prior."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from leadterm.learned import cooccurrence, pcs_axes, phrases, similar_phrases
from leadterm.learned.categories import categories_of, more_categories
from leadterm.learned.cooccurrence import Company
from leadterm.learned.linear import LinearModel, LinearSettings, fit_linear
from leadterm.learned.mining import mine_evidence
from leadterm.learned.ngrams import FlatTexts, flatten
from leadterm.learned.pcs_alignment import learn_axes
from leadterm.learned.pcs_axes import Axes
from leadterm.learned.phrases import Lexicon
from leadterm.learned.tokens import Tokens
from leadterm.ranking.candidate_table import Block, CandidateTable, join_blocks
from leadterm.storage.validation import STRICT

__all__ = ["FEATURES", "BaseModel", "BaseSettings", "Example", "fit_base", "score_base"]

WORD_FEATURES = ("linear", "linear_rank", "linear_category", "neighbours")
CODE_FEATURES = ("code_texts", "category_texts", "text_words", "text_candidates", "text_similar")
FEATURES = (
    *phrases.FEATURES, *similar_phrases.FEATURES, *pcs_axes.FEATURES, *WORD_FEATURES, *CODE_FEATURES,
    *cooccurrence.FEATURES,
)  # fmt: skip
_PLAIN = FEATURES.index("phrase_p_affirmed")


@dataclass(frozen=True)
class Example:
    """One training encounter for one code system.

    ``evidence``: word positions of the evidence, where there is some.
    """

    tokens: Tokens
    codes: frozenset[str]
    evidence: tuple[tuple[str, tuple[int, ...]], ...] = ()
    known: CandidateTable | None = None
    system: str = ""


@dataclass(frozen=True)
class BaseSettings:
    """How the parts are fitted.

    ``shortlist``: codes the linear model adds to the candidates. ``keep``: most mined phrases for one code of one
    text.
    """

    __pydantic_config__ = STRICT

    linear: LinearSettings = field(default_factory=LinearSettings)
    shortlist: int = 40
    longest: int = 2
    keep: int = 2


@dataclass(frozen=True)
class BaseModel:
    """What was learned from training texts for one code system.

    ``codes``: codes seen in training, sorted, then others that can be put together; a code's number is its place.
    ``texts``: training texts with each code; 0 for a code that was not seen. ``linear``: words and neighbours;
    outputs are the codes that were seen, then their categories. ``axes``: what words say about the characters of
    codes. ``shortlist``: codes the linear model adds to the candidates.
    """

    codes: tuple[str, ...]
    texts: NDArray[np.int64]
    categories: NDArray[np.int64]
    lexicon: Lexicon
    index: similar_phrases.PhraseIndex
    linear: LinearModel
    axes: Axes
    company: Company
    shortlist: int

    @cached_property
    def seen(self) -> int:
        """Codes seen in training."""
        return int(np.count_nonzero(self.texts))

    @cached_property
    def known(self) -> frozenset[str]:
        """The codes."""
        return frozenset(self.codes)

    @cached_property
    def number(self) -> Mapping[str, int]:
        """Number by code."""
        return {code: i for i, code in enumerate(self.codes)}


def fit_base(examples: Sequence[Example], settings: BaseSettings, seed: int, *, jobs: int = 1) -> BaseModel:
    """Learn from training examples.

    ``jobs``: threads; the result does not depend on them.
    """
    codes = tuple(sorted({code for example in examples for code in example.codes}))
    number: Mapping[str, int] = {code: i for i, code in enumerate(codes)}
    texts = flatten([example.tokens for example in examples])
    given = [frozenset(number[c] for c in example.codes) for example in examples]
    categories = categories_of(codes)
    outputs = [sorted(row | {len(codes) + int(categories[c]) for c in row}) for row in given]
    n_outputs = len(codes) + int(categories.max(initial=-1)) + 1
    with ThreadPoolExecutor(1) as other:  # the words and the phrases are learned side by side
        fitting = other.submit(fit_linear, texts, outputs, n_outputs, settings.linear, seed, jobs=max(1, jobs - 1))
        if jobs == 1:
            fitting.result()
        evidence = _evidence(examples, texts, given, number, settings)
        words = phrases.build_lexicon(texts, given, evidence)
        system = examples[0].system if examples else ""
        built, more = learn_axes(system, codes, texts, given, evidence)
        used = {word: int(texts.frequency[texts.word_number[word]]) for phrase in words.phrases for word in phrase}
        index = similar_phrases.build_index(words.phrases, used, len(examples), texts.language)
        linear = fitting.result()
    every = (*codes, *more)
    seen = np.bincount([c for row in given for c in row], minlength=len(every))
    together = cooccurrence.learn_company(given, len(every))
    categories = more_categories(every, categories)
    return BaseModel(every, seen, categories, words, index, linear, built, together, settings.shortlist)


def _evidence(
    examples: Sequence[Example],
    texts: FlatTexts,
    given: Sequence[frozenset[int]],
    number: Mapping[str, int],
    settings: BaseSettings,
) -> list[list[tuple[int, tuple[int, ...]]]]:
    """The coders' evidence; mined evidence for the codes of a text that have none."""
    marked = [[(number[c], p) for c, p in example.evidence if p] for example in examples]
    bare = [codes - {c for c, _ in rows} for codes, rows in zip(given, marked, strict=True)]
    if 20 * sum(map(len, bare)) <= sum(map(len, given)):
        return marked
    mined = mine_evidence(texts, given, len(number), longest=settings.longest, keep=settings.keep)
    return [
        rows + [(c, p) for c, p in found if c in lacking]
        for rows, found, lacking in zip(marked, mined, bare, strict=True)
    ]


def score_base(model: BaseModel, tokens: Tokens, *, explain: bool = False) -> Block:
    """Describe the candidate codes of a text.

    ``explain``: give the mentions of every code; where no phrase stands for it, its most responsible words.
    """
    matches = phrases.find_matches(model.lexicon, tokens)
    exact = phrases.lexicon_block(model.lexicon, tokens, matches, mentions=explain)
    similar = similar_phrases.find_similar(model.index, tokens)
    near = similar_phrases.fuzzy_block(model.lexicon, similar, tokens, matches, model.categories)
    built = pcs_axes.axes_block(model.axes, tokens)
    linear, vote = model.linear.score(tokens)
    n, unseen = model.seen, np.full(len(model.codes) - model.seen, np.nan)
    order = np.argsort(-linear[:n], kind="stable")
    block = join_blocks([exact, near, built], order[: model.shortlist])
    rank = np.empty(n)
    rank[order] = np.arange(n)
    at = block.codes
    score, place, votes = (np.concatenate([x[:n], unseen])[at] for x in (linear, rank, vote))
    group = model.categories[at]
    kin = np.bincount(model.categories, model.texts)[group]
    more = np.column_stack([
        score, place, np.append(linear[n:], np.nan)[np.minimum(group, len(linear) - n)], votes, model.texts[at], kin,
        np.full(len(at), len(tokens.words)), np.full(len(at), len(exact.codes)), np.full(len(at), len(near.codes)),
    ])  # fmt: skip
    plain = np.nan_to_num(block.features[:, _PLAIN])
    more = np.hstack([more, cooccurrence.company_features(model.company, at, plain)])
    where = list(block.where)
    bare = [i for i, positions in enumerate(where) if not positions]
    if explain and bare:
        for i, positions in zip(bare, model.linear.responsible(tokens, at[bare]), strict=True):
            where[i] = (positions,) if positions else ()
    return Block(FEATURES, at, np.hstack([block.features, more]).astype(np.float32), tuple(where))
