"""The contract at the start: what `mainstem check` finds in CI is said where functions are served.

    serve(app, catalog, check=check_at_start(catalog))

A deployment may begin without CI having looked at it, so the log of its start names each event that
nobody handles and each function that nobody feeds.
"""

import logging
from collections.abc import Callable, Sequence
from typing import Any

from mainstem.catalog import BoundCatalog, Catalog
from mainstem.registration.contract import check_contract
from mainstem.registration.errors import RegistrationError
from mainstem.registration.findings import Finding
from mainstem.registration.manifest import Manifest

# Text in `logging`: a function host shows it, and structlog, where it is set up, takes it over.
_LOG = logging.getLogger("mainstem.registration")


class ContractBroken(RegistrationError):  # noqa: N818  it says what happened
    """In strict mode senders and receivers must fit together; `findings` are where they do not."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__(
            "Cannot serve in strict mode (MAINSTEM_STRICT): "
            + " ".join(str(one) for one in self.findings)
        )


def check_at_start(
    catalog: Catalog[Any], *, others: Sequence[Manifest] = ()
) -> Callable[[BoundCatalog[Any]], None]:
    """What an adapter's `check=` takes: it logs how senders and receivers of `catalog` do not fit.

    Errors are logged as errors, the rest as warnings; in strict mode an error stops the start with
    `ContractBroken`. Give the whole catalogue, where a part of it is served, too: one part may
    handle what another one sends. `others` are as in `check_contract`.
    """

    def check(bound: BoundCatalog[Any]) -> None:
        findings = check_contract(catalog, others=others)
        for one in findings:
            _LOG.log(
                logging.ERROR if one.is_bad else logging.WARNING,
                "%s: %s",
                one.code,
                one,
                extra={"subject": one.subject},
            )
        bad = [one for one in findings if one.is_bad]
        if bad and bound.switches.strict:
            raise ContractBroken(bad)

    return check
