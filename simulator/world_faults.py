"""What a test may have go wrong, and what it may read of the wires afterwards.

Rule: what cannot be is a `WorldError` that names field and remedy, and nothing has changed then.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simulator.clock import Clock
from simulator.faults import Fault, Faults, action_of, check_common, plain_fault, point_of
from simulator.faults.actions import ON_CONNECTION, Error, RestoreUpstream, StaleSession
from simulator.faults.points import Where
from simulator.gateway import Gateway
from simulator.transcript import Transcript
from simulator.world_settings import WorldError


class Troubling:
    """The part of a world in which things go wrong."""

    gateway: Gateway
    clock: Clock
    transcript: Transcript
    on_output: Callable[[], None]
    _faults: Faults
    _last_fault: int

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The faults that wait for their point and those that last, in order of injection."""
        return self._faults.faults

    @property
    def is_listening(self) -> bool:
        """Whether the port is open, or refuses as that of a gateway that is down."""
        self._faults.now_ms = self.clock.now_ms()
        return self._faults.is_listening

    def inject(
        self,
        /,
        action: str,
        *,
        at: str = "now",
        client_id: int | None = None,
        times: int | None = 1,
        **parameters: Any,
    ) -> int:
        """Have something go wrong at a point, so many times (None: for ever); returns its id.

        `action` is a name of `simulator.faults.ACTIONS` with its parameters by name, `at` a
        point such as `now`, `accept#1`, `rx(PlaceOrder)#2`, `tx(OrderStatus)`, `tx_byte#17`
        or `time+30`, counted from now on. Raises `WorldError` for what cannot be.
        """
        return self._inject(action, parameters, at=at, client_id=client_id, times=times)

    def inject_plain(self, plain: Any) -> int:
        """Inject a fault as JSON has it: `action`, `at`, `client_id`, `times`, `parameters`.

        Parameters may also stand beside the others. Raises `WorldError` for what is none.
        """
        common, parameters = plain_fault(plain)
        return self._inject(common.pop("action"), parameters, **common)

    def clear_faults(self, id: int | None = None) -> None:  # noqa: A002 - as it is called outside
        """Take a fault back, or all; what it does ends, and what it kept back comes.

        Raises `WorldError` for one that is not there any more.
        """
        if not self._faults.clear(id, self.clock.now_ms()) and id is not None:
            known = ", ".join(str(fault.id) for fault in self.faults) or "none"
            raise WorldError(f"fault {id} is not there; those that are: {known}")
        self.on_output()

    # --- the connection to IB ---

    def lose_upstream(self, /, *, seconds: float | None = None, **terms: Any) -> int:
        """Lose the connection between the gateway and IB (1100), perhaps for a time.

        `terms` are those of the action `lose_upstream`; returns the id of the fault.
        """
        return self.inject("lose_upstream", seconds=seconds, **terms)

    def restore_upstream(self, *, data_lost: bool = False) -> None:
        """Have the connection to IB back: 1102, or 1101 if the subscriptions are lost.

        Raises `WorldError` if it is not lost.
        """
        self.inject("restore_upstream", data_lost=data_lost)

    def farm(self, name: str, state: str) -> None:
        """Have a data farm be ok, broken, dormant or connecting, and clients be told."""
        self.inject("farm", name=name, state=state)

    def restart(
        self, kind: str = "soft", outage_s: float = 35.0, *, next_id: str = "monotone", by: int = 1
    ) -> None:
        """Restart the gateway: sessions end, the port is closed meanwhile, the broker lives on.

        `kind` is soft, cold or crash; `next_id` what clients are told as their next order id
        afterwards: monotone, back, reset or ahead (`by` so many).
        """
        self.inject("restart", kind=kind, outage_s=outage_s, next_id=next_id, by=by)

    # --- inside ---

    def _inject(
        self,
        action: str,
        parameters: dict[str, Any],
        *,
        at: str = "now",
        client_id: int | None = None,
        times: int | None = 1,
    ) -> int:
        check_common(action=action, at=at, client_id=client_id, times=times)
        fault = Fault(
            id=self._last_fault + 1,
            action=action_of(action, parameters),
            at=point_of(at),
            client_id=client_id,
            times=times,
        )
        self._check_target(action, fault)
        self._last_fault = fault.id
        self._faults.inject(fault, self.clock.now_ms())
        self.on_output()
        return fault.id

    def _check_target(self, name: str, fault: Fault) -> None:
        action = fault.action
        if fault.at.where is not Where.NOW:
            return
        targets = [*self._faults.targets(fault, None)]
        if isinstance(action, Error):  # before a version is agreed on nothing can be told
            targets = [each for each in targets if each.session.version]
        is_for_somebody = isinstance(action, ON_CONNECTION) or (
            isinstance(action, StaleSession) and fault.client_id is None
        )
        if is_for_somebody and not targets:
            who = "nobody" if fault.client_id is None else f"no client {fault.client_id}"
            raise WorldError(
                f"{who} is connected for {name} to strike now; connect first, or use at=accept#1"
            )
        if isinstance(action, RestoreUpstream) and not self.gateway.upstream.is_lost:
            raise WorldError(
                "the connection to IB is not lost; lose_upstream first, or send the notice alone "
                "with the action error and code 1102"
            )
