"""How long to wait before the next try: a pure decision over a policy."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Policy:
    """Exponential pauses in seconds: ``first``, growing by ``factor`` up to ``cap``.

    ``jitter`` is the share of a pause that chance adds on top. After ``tries`` failures there is
    no further try; ``None``: only a deadline ends it. ``retry_after_cap`` bounds a server's wish.
    """

    first: float
    factor: float = 2.0
    cap: float = 60.0
    jitter: float = 0.25
    tries: int | None = None
    retry_after_cap: float = 3600.0


def pause(
    policy: Policy, failures: int, *, chance: float, retry_after: float | None = None
) -> float | None:
    """Return the seconds to wait after the ``failures``-th failure (from 1), ``None`` to give up.

    ``chance`` is a random number in [0, 1). A server's ``retry_after`` wins over the policy's own
    pause, but is capped.
    """
    if policy.tries is not None and failures >= policy.tries:
        return None
    if retry_after is not None:
        base = min(max(retry_after, 0.0), policy.retry_after_cap)
    else:
        # The exponent is bounded so that a job that has failed for a day does not overflow.
        base = min(policy.first * policy.factor ** min(failures - 1, 64), policy.cap)
    return base * (1 + policy.jitter * chance)
