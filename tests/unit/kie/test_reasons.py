"""Why something failed, as told by KIE's codes and sentences."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.kie.reasons import reason, upgrade_reason
from bot.models import Reason

FLOW = "Your request was rejected by Flow({}). You may consider using our other channels."


@pytest.mark.parametrize(
    ("code", "text", "expected"),
    [
        (400, "Your prompt was flagged by Website as violating content policies", "prompt-refused"),
        (422, FLOW.format("public error minor upload"), "minor-refused"),
        (422, FLOW.format("PUBLIC_ERROR_MINOR_UPLOAD"), "minor-refused"),
        (422, FLOW.format("public error prominent people upload"), "people-refused"),
        (422, FLOW.format("PUBLIC_ERROR_PROMINENT_PEOPLE_UPLOAD"), "people-refused"),
        (422, FLOW.format("public error unsafe image upload"), "image-refused"),
        (422, FLOW.format("something new"), "prompt-refused"),
        (400, "Unsafe image upload.", "image-refused"),
        (400, "The image violates our policies", "image-refused"),
        (400, "Failed to fetch the image. Kindly verify any access limits", "image-not-fetched"),
        (400, "Image fetch failed", "image-not-fetched"),
        (451, "", "image-not-fetched"),
        (400, "Only English prompts are supported", "english-only"),
        (500, "We were unable to generate audio for this prompt", "audio"),
        (500, "Internal Error, Please try again later", "overload"),
        (500, "", "overload"),
        (408, "", "overload"),
        (429, "", "overload"),
        (455, "", "unavailable"),
        (505, "Feature disabled", "unavailable"),
        (500, "System is under maintenance", "unavailable"),
        (401, "You do not have access to the image API", "unavailable"),
        (402, "credits", "unavailable"),
        (433, "", "unavailable"),
        (403, "error code: 1010", "unavailable"),
        (422, "Ratio error", "refused"),
        (400, "", "refused"),
        (404, "", "refused"),
        (501, "Video generation task failed", "generation-failed"),
        (500, "a minor error occurred", "overload"),
        (500, "The servers are overloaded, image later", "overload"),
        (None, "", "generation-failed"),
        (777, "??", "generation-failed"),
    ],
)
def test_a_failure_has_the_reason_that_people_can_act_on(
    code: int | None, text: str, expected: str
) -> None:
    assert reason(code, text) is Reason(expected)


@given(code=st.none() | st.integers(), text=st.text())
def test_every_failure_has_a_reason(code: int | None, text: str) -> None:
    assert reason(code, text) in Reason


@pytest.mark.parametrize(
    ("code", "text", "expected"),
    [
        (500, "The 4K version of this video is unavailable. Please try a different video.", None),
        (422, "This video does not support the requested resolution", None),
        (422, "Your request was rejected by Flow(public error minor upload).", None),
        (501, "Video generation task failed", None),
        (500, "Internal Error, Please try again later", Reason.OVERLOAD),
        (455, "", Reason.UNAVAILABLE),
        (402, "credits", Reason.UNAVAILABLE),
    ],
)
def test_no_sharper_copy_is_told_as_such_unless_kie_itself_is_in_trouble(
    code: int, text: str, expected: Reason | None
) -> None:
    assert upgrade_reason(code, text) is (expected or Reason.UPGRADE_REFUSED)
