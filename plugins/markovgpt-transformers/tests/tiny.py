"""Tiny random networks of many architectures and tiny tokenizers, written to folders as save_pretrained writes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import tokenizers
import torch
import transformers
from tokenizers import decoders, models, normalizers, pre_tokenizers, trainers

V, POSITIONS, WINDOW = 11, 32, 4

_LLAMA: dict[str, Any] = {
    "vocab_size": V,
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "head_dim": 8,
    "max_position_embeddings": POSITIONS,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
_GPT2: dict[str, Any] = {"vocab_size": V, "n_embd": 16, "n_layer": 2, "n_head": 2, "n_positions": POSITIONS}
_MAMBA: dict[str, Any] = {"vocab_size": V, "hidden_size": 16, "num_hidden_layers": 2, "state_size": 4}

CONFIGS: dict[str, dict[str, Any]] = {
    "gpt2": _GPT2,
    "llama": _LLAMA,
    "mistral": {**_LLAMA, "sliding_window": WINDOW},
    "gpt_neox": {name: size for name, size in _LLAMA.items() if name not in ("num_key_value_heads", "head_dim")},
    "gemma2": {**_LLAMA, "sliding_window": WINDOW},  # every other layer sees all
    "bloom": {"vocab_size": V, "hidden_size": 16, "n_layer": 2, "n_head": 2},  # no positions: ALiBi
    "mamba": _MAMBA,
    "mamba2": {**_MAMBA, "num_heads": 4, "head_dim": 8, "n_groups": 1, "chunk_size": 4},
    "jamba": {  # a layer of Mamba, a layer of attention
        **_LLAMA,
        "num_experts": 2,
        "attn_layer_period": 2,
        "attn_layer_offset": 1,
        "mamba_d_state": 4,
        "mamba_dt_rank": 4,
        "use_mamba_kernels": False,
    },
    "openai-gpt": _GPT2,  # its code has no cache
    "recurrent_gemma": {  # its recurrent state lives in the module, not in the cache
        **{name: _LLAMA[name] for name in ("vocab_size", "hidden_size", "intermediate_size", "num_attention_heads")},
        "num_hidden_layers": 3,
        "num_key_value_heads": 1,
        "head_dim": 8,
        "lru_width": 16,
        "attention_window_size": WINDOW,
    },
}
ONE_AT_A_TIME = ("jamba", "mamba")
NO_SESSION = ("openai-gpt", "recurrent_gemma")
UNLIMITED = ("bloom", "mamba", "mamba2", "recurrent_gemma")


def network(architecture: str, *, seed: int = 0, **changes: Any) -> Any:
    """A network whose weights are large enough for its laws to be far from uniform."""
    config = transformers.AutoConfig.for_model(architecture, **{**CONFIGS.get(architecture, _LLAMA), **changes})
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        made = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.float32).eval()
        for parameter in made.parameters():
            if parameter.ndim > 1:
                torch.nn.init.normal_(parameter, 0, 0.5)
    return made


def save(folder: Path, architecture: str, *, tokenizer: Any = None, **changes: Any) -> Path:
    """A folder with such a network; its name is the architecture's."""
    place = folder / architecture
    network(architecture, **changes).save_pretrained(place)
    if tokenizer is not None:
        tokenizer.save_pretrained(place)
    return place


TEXT = ["the cat sat on the mat", "the dog sat on the log", "a naïve café"]


def byte_level_bpe(*, vocab_size: int = 270) -> Any:
    """As GPT-2 and SmolLM2 have it: bytes shown as odd characters, 'Ġ' for a blank."""
    made = tokenizers.Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size, special_tokens=["<|end|>"], initial_alphabet=alphabet, show_progress=False
    )
    made.train_from_iterator(TEXT, trainer)
    return transformers.PreTrainedTokenizerFast(tokenizer_object=made, bos_token="<|end|>", eos_token="<|end|>")


def sentence_piece() -> Any:
    """As Llama 2 has it: '▁' for a blank, single bytes as '<0x0A>'; 'A' stands for two tokens."""
    pieces = ["<unk>", "<s>", "<0x0A>", "<0xE2>", "<0x41>", "▁the", "the", "▁", "A", "t", "h", "e"]
    made = tokenizers.Tokenizer(
        models.BPE(
            vocab={piece: token for token, piece in enumerate(pieces)},
            merges=[],
            unk_token="<unk>",
            byte_fallback=True,
        )
    )
    made.normalizer = normalizers.Replace(" ", "▁")
    made.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    return transformers.PreTrainedTokenizerFast(tokenizer_object=made, bos_token="<s>", unk_token="<unk>")
