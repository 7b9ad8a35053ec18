"""Every registered attention holds every clause of the contract."""

from __future__ import annotations

import pytest

from attncli import registry
from tests.attention.contract import CHECKS, Subject


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", registry.names("attention"))
def test_contract(name, check):
    check(Subject.of(registry.find("attention", name)))
