"""Turn sentences into the tokens of a CLIP or SigLIP folder. Knows no option and never cuts a sentence."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from transformers import AutoTokenizer
from transformers.utils.import_utils import is_protobuf_available, is_sentencepiece_available

from medcutmix_cli.encoders.checkpoints import read_json
from medcutmix_cli.encoders.clip_folder import UNREADABLE, ClipFolder, silence
from medcutmix_cli.errors import EncoderError, MissingExtraError, cause
from medcutmix_cli.system.extras import pip_line


@dataclass(frozen=True, slots=True, eq=False)
class Sentences:
    """The tokenizer of a folder; safe to call from several threads.

    Attributes:
        tokenizer: Of transformers.
        limit: Longest list of tokens, marks included.
        padding: Token id that fills up.
        pad_to: Fixed length of all lists, 0 where there is none.
    """

    tokenizer: Any
    limit: int
    padding: int
    pad_to: int
    _lock: threading.Lock

    def tokens(self, sentences: Sequence[str]) -> list[list[int]]:
        """Turn sentences into token ids with marks, neither cut nor padded."""
        with self._lock:
            ids = self.tokenizer(list(sentences), padding=False, truncation=False, verbose=False)["input_ids"]
        return [list(map(int, own)) for own in ids]


def load_sentences(folder: ClipFolder, model: Any, *, fixed_length: bool) -> Sentences:
    """Load the tokenizer and see that it belongs to the network.

    Args:
        folder: Where it is.
        model: The network.
        fixed_length: Whether sentences are always padded to the limit, as SigLIP was trained.

    Raises:
        MissingExtraError: The vocabulary is of sentencepiece, which is not installed.
        EncoderError: It cannot be read, or gives tokens that the network does not have.
    """
    _check_sentencepiece(folder)
    try:
        with silence():
            tokenizer = AutoTokenizer.from_pretrained(
                folder.path, local_files_only=True, trust_remote_code=folder.remote_code
            )
    except UNREADABLE as error:
        raise EncoderError(
            f"the tokenizer cannot be loaded ({cause(error)})",
            where=str(folder.path),
            hint="is the download whole? all files of the tokenizer are needed, tokenizer_config.json as well",
        ) from error
    text = model.config.text_config
    limit = int(text.max_position_embeddings)
    read = Sentences(
        tokenizer, limit, tokenizer.pad_token_id or 0, limit if fixed_length else 0, threading.Lock()
    )
    _check_marks(read.tokens(["x"])[0], tokenizer, text, fixed_length, folder)
    return read


def _check_sentencepiece(folder: ClipFolder) -> None:
    named = folder.files.get("tokenizer_config.json")
    wanted = read_json(named).get("tokenizer_class", "") if named else ""
    # Without these packages transformers may take a tokenizer.json that keeps punctuation SigLIP never saw.
    if wanted == "SiglipTokenizer" and not (is_sentencepiece_available() and is_protobuf_available()):
        raise MissingExtraError(
            "the tokenizer of this SigLIP model needs the packages 'sentencepiece' and 'protobuf'",
            where=str(folder.path),
            hint=pip_line("encoders"),
        )


def _check_marks(
    tokens: list[int], tokenizer: Any, text: Any, fixed_length: bool, folder: ClipFolder
) -> None:
    """See that tokens are within the vocabulary and the end mark is where the network looks for it."""
    wrong = not tokens or max(tokens) >= text.vocab_size or len(tokenizer) > text.vocab_size
    if fixed_length:
        wrong |= tokenizer.padding_side != "right" or tokenizer.pad_token_id is None
    elif tokens:
        # CLIP pools at `eos_token_id`; old configs say 2 and mean the highest id of the sentence.
        wrong |= tokens[-1] != (max(tokens) if text.eos_token_id == 2 else text.eos_token_id)
    if wrong:
        raise EncoderError(
            "the tokenizer and the network do not belong together",
            where=str(folder.path),
            hint="give the folder of the released model, unchanged",
        )
