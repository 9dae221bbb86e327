"""What do the tests share? Folders with tiny networks, one thread, and no way to the network."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import pytest
import tiny
import torch
from hypothesis import settings

import markovgpt_transformers as mt

settings.register_profile("repeatable", deadline=None, derandomize=True, database=None, max_examples=25)
settings.load_profile("repeatable")
torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """Any attempt to look up or reach another machine fails the test: HF_HUB_OFFLINE must not be needed."""

    def refuse(*args, **_):
        raise AssertionError(f"the network was asked for: {args}")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture(scope="session")
def saved(tmp_path_factory) -> Callable[[str], Path]:
    """The folder of an architecture, written once."""
    folder = tmp_path_factory.mktemp("saved")

    def place(architecture: str) -> Path:
        known = folder / architecture
        return known if known.exists() else tiny.save(folder, architecture)

    return place


@pytest.fixture(scope="session")
def loaded(saved) -> Callable[[str], mt.TransformersModel]:
    """The model of an architecture with K = 6, longer than the window of those that have one."""
    models: dict[str, mt.TransformersModel] = {}

    def model(architecture: str) -> mt.TransformersModel:
        if architecture not in models:
            models[architecture] = mt.load(saved(architecture), context_length=6)
        return models[architecture]

    return model
