"""Attacks and troubles, and the tests that show what holds; every name here is a test's."""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
ATTACKS: dict[str, tuple[str, ...]] = {
    "1 webhook with a missing, wrong or repeated secret": (
        "unit/web/test_updates.py::whoever_does_not_know_the_secret_is_refused_unread",
        "unit/web/test_updates.py::the_endless_body_of_a_stranger_is_not_waited_for",
        "e2e/test_webhook_mode.py::the_secret_changes_with_every_start_and_is_not_told",
    ),
    "2 bodies too large, endless, no JSON, too deep": (
        "unit/web/test_updates.py::five_megabytes_are_refused",
        "unit/web/test_updates.py::what_is_no_update_is_refused",
        "unit/web/test_server.py::an_endless_body_is_cut_off",
        "unit/updates/test_inbox.py::an_update_of_any_depth_is_read_or_refused_without_an_error",
        "e2e/test_any_update.py::halves_of_characters_are_question_marks_and_no_trouble",
        "unit/web/test_callbacks.py::a_body_above_its_limit_is_refused",
    ),
    "3 one update fifty times, out of order": (
        "unit/updates/test_inbox.py::one_update_fifty_times_at_once_has_one_effect",
        "unit/updates/test_inbox.py::updates_that_come_out_of_order_are_all_handled",
        "e2e/test_webhook_mode.py::an_update_that_comes_fifty_times_is_handled_once",
        "unit/updates/test_inbox.py::an_update_that_comes_again_a_day_later_has_no_second_effect",
    ),
    "4 unknown updates, no sender": (
        "e2e/test_bad_input.py::updates_that_make_no_sense_are_logged_once_and_skipped",
        "unit/updates/test_inbox.py::whatever_an_update_holds_only_its_id_decides_whether_it_is_read",
        "unit/updates/test_polling.py::one_bad_update_stops_neither_polling_nor_the_application",
        "e2e/test_any_update.py::no_update_that_could_come_makes_the_bot_stumble",
        "e2e/test_any_update.py::buttons_below_a_message_too_old_to_be_seen_are_answered",
        "e2e/test_any_update.py::a_gate_that_fails_lets_nobody_past",
    ),
    "5 guessed callback tokens": (
        "unit/jobs/test_knocks.py::ten_thousand_guesses_write_nothing",
        "unit/web/test_callbacks.py::unknown_tokens_get_the_uniform_404",
    ),
    "6 callbacks unsigned or signed at another time": (
        "unit/jobs/test_knocks.py::what_is_not_signed_changes_nothing_and_is_logged",
        "unit/web/test_callbacks.py::a_signature_of_another_time_changes_nothing",
        "unit/web/test_callbacks.py::a_repeated_signature_changes_nothing",
        "unit/kie/test_wire.py::no_made_up_signature_is_genuine",
    ),
    "7 signed callbacks with other links": (
        "e2e/test_callbacks.py::links_in_a_callback_are_not_followed_whoever_signed_it",
        "unit/web/test_callbacks.py::the_token_is_enough_whatever_the_body_says",
    ),
    "8 callbacks that name another job's task": (
        "unit/jobs/test_knocks.py::a_callback_naming_another_jobs_task_changes_nothing_and_is_told",
        "e2e/test_callbacks.py::a_callback_that_names_another_jobs_task_is_told_to_the_admins",
    ),
    "9 callbacks twenty times, too early, too late": (
        "unit/jobs/test_knocks.py::twenty_knocks_at_once_finish_a_job_once",
        "unit/jobs/test_knocks.py::a_callback_before_our_post_returned_does_not_disturb_it",
        "unit/jobs/test_knocks.py::a_callback_after_the_credits_were_released_brings_the_video_free",
        "unit/jobs/test_races.py::a_failure_called_back_after_the_success_changes_nothing",
        "unit/jobs/test_races.py::a_success_called_back_after_the_refund_moves_no_credits",
    ),
    "10 callbacks of any form": (
        "unit/web/test_callbacks.py::every_form_is_a_knock",
        "unit/kie/test_wire.py::every_callback_is_read",
        "unit/kie/test_records.py::every_record_is_read_or_put_off",
    ),
    "11 result links that lead inside": (
        "unit/media/test_fetch.py::link_that_leads_inside_or_is_none_is_refused_before_connecting",
        "unit/media/test_fetch.py::name_that_resolves_inside_is_refused_before_connecting",
        "unit/media/test_fetch.py::redirect_inward_is_refused_before_connecting",
        "unit/media/test_addresses.py::no_ipv4_address_in_disguise_is_public",
        "unit/media/test_fetch.py::name_that_changes_after_the_check_is_asked_once_and_the_checked_address_used",
        "unit/media/test_fetch.py::trust_ends_at_another_host_or_port",
        "unit/media/test_addresses.py::numeric_spelling_that_the_system_would_take_is_no_name",
    ),
    "12 results endless, huge, cut or none": (
        "unit/media/test_fetch.py::too_large_a_file_is_refused_at_the_cap_and_leaves_nothing",
        "unit/media/test_fetch.py::failed_download_can_be_tried_again_and_leaves_nothing",
        "unit/media/test_fetch.py::trickle_ends_at_the_total_deadline",
        "unit/media/test_videos.py::video_cut_anywhere_fails",
        "unit/jobs/test_life.py::a_bad_result_is_fetched_again_until_it_is_good",
        "unit/jobs/test_life.py::a_result_that_never_can_be_fetched_is_refunded_in_the_end",
    ),
    "13 Telegram floods, fails, loses answers": (
        "unit/jobs/test_life.py::an_ambiguous_send_leaves_the_video_on_the_status_card",
        "unit/jobs/test_life.py::a_flood_limit_only_delays_the_video",
        "e2e/test_crashes.py::a_lost_answer_to_the_message_charges_and_makes_nothing_twice",
    ),
    "14 blocked bot, migrated group, closed topic": (
        "unit/jobs/test_life.py::a_blocked_bot_keeps_the_video_until_they_come_back",
        "e2e/test_groups.py::a_group_that_becomes_a_supergroup_is_followed_with_its_cards_and_videos",
        "e2e/test_closed_doors.py::a_video_for_a_closed_topic_waits_until_its_person_is_back",
        "e2e/test_groups.py::a_video_finds_the_supergroup_before_the_news_of_it_does",
    ),
    "15 picture bombs and what is no picture": (
        "unit/media/test_images.py::bomb_is_refused_before_any_memory_is_taken_for_its_pixels",
        "unit/media/test_images.py::other_formats_and_animations_are_refused",
        "unit/media/test_headers.py::any_bytes_are_a_picture_or_bad_image",
        "e2e/test_photos.py::what_is_no_usable_photo_is_refused_in_a_sentence_and_costs_nothing",
        "e2e/test_photos.py::a_size_that_lies_ends_the_download_at_the_limit",
        "unit/media/test_images.py::every_mode_becomes_rgb",
        "unit/media/test_images.py::sixteen_bits_of_grey_keep_their_shades",
        "unit/media/test_images.py::any_damage_leaves_a_photo_or_bad_image",
    ),
    "16 file names": ("e2e/test_photos.py::a_file_name_is_never_a_path",),
    "17 albums of ten, mixed, late": (
        "e2e/test_photos.py::of_more_than_three_the_first_are_used_and_that_is_said",
        "e2e/test_photos.py::the_good_of_an_album_stay_and_the_bad_are_named",
        "e2e/test_photos.py::parts_that_come_slowly_are_one_album",
    ),
    "18 guessed and expired links of our own": (
        "unit/web/test_links.py::guesses_get_the_same_answer_as_any_unknown_path",
        "unit/web/test_links.py::an_expired_token_gives_nothing",
        "unit/web/test_links.py::one_range_is_given_and_many_get_the_whole",
        "unit/web/test_links.py::a_thousand_guesses_at_once_are_answered_alike_and_write_nothing",
    ),
    "19 secrets in requests and logs": (
        "e2e/test_secrets.py::neither_token_nor_key_leave_the_process_where_they_do_not_belong",
        "e2e/test_callbacks.py::no_token_of_a_callback_is_stored_or_logged",
        "unit/test_log.py::no_way_into_the_log_shows_a_registered_secret",
        "storm/test_storm.py::a_storm_of_kills_and_faults_loses_nothing_and_charges_nobody_wrongly",
        "e2e/test_failpoints.py::dying_once_at_any_point_of_an_updates_way_repeats_and_loses_nothing",
    ),
    "20 odd prompts": (
        "e2e/test_bad_input.py::odd_prompts_are_shown_as_they_are_and_reach_kie_verbatim",
        "unit/test_log.py::a_record_is_one_line_whatever_it_holds",
        "e2e/test_closed_doors.py::a_prompt_is_sent_verbatim_or_refused_with_the_limit",
        "e2e/test_bad_input.py::every_input_that_cannot_be_used_is_answered_with_what_to_do",
        "handlers/test_flags.py::no_text_at_all_makes_the_reader_raise_or_invent_words",
    ),
    "21 KIE's words": (
        "e2e/test_kie_troubles.py::a_refusal_releases_and_says_why_in_own_words",
        "e2e/test_kie_troubles.py::operator_trouble_pauses_alerts_once_and_is_never_shown_to_users",
        "unit/jobs/test_kie_answers.py::kies_words_are_cut_and_redacted_and_reach_nobody",
    ),
    "22 forged and foreign buttons": (
        "handlers/test_callback_data.py::foreign_old_oversized_or_forged_data_means_nothing",
        "e2e/test_bad_input.py::nobody_presses_buttons_of_somebody_else",
        "e2e/test_groups.py::nobody_cancels_repeats_or_takes_a_video_of_another",
        "e2e/test_bad_input.py::forged_and_outdated_buttons_are_explained_and_do_nothing",
    ),
    "23 many taps at once": (
        "e2e/test_main_job.py::twenty_taps_on_generate_make_one_job",
        "e2e/test_upgrades.py::three_quick_presses_make_one_copy",
        "unit/jobs/test_further.py::twenty_presses_at_once_make_one_copy",
    ),
    "24 twenty orders with credit for one": (
        "e2e/test_main_job.py::twenty_requests_with_credit_for_one_make_one",
        "storage/test_ledger.py::of_twenty_parallel_holds_with_credit_for_one_exactly_one_succeeds",
    ),
    "25 old buttons": (
        "e2e/test_bad_input.py::buttons_of_a_card_that_is_gone_explain_themselves",
        "e2e/test_delete_me.py::old_buttons_say_that_it_is_gone",
        "e2e/test_old_buttons.py::a_button_that_has_had_its_day_explains_itself_and_costs_nothing",
        "e2e/test_old_buttons.py::a_sharper_copy_that_is_there_is_sent_again_for_nothing",
        "unit/jobs/test_further.py::after_14_days_nothing_is_made_of_a_video_any_more",
        "unit/jobs/test_further.py::extend_is_refused_once_a_sharper_copy_was_asked_for",
    ),
    "26 cancel against submit": (
        "e2e/test_main_job.py::cancel_in_the_queue_gives_the_credits_back",
        "e2e/test_main_job.py::cancel_at_kie_lets_it_run_unseen",
        "storage/test_ledger.py::of_parallel_ends_of_one_job_exactly_one_succeeds",
        "unit/jobs/test_races.py::cancel_against_submit_has_one_winner",
        "unit/jobs/test_races.py::cancel_against_callback_has_one_winner",
    ),
    "27 admin commands of others": (
        "e2e/test_access.py::only_admins_decide_whatever_data_others_send",
        "e2e/test_groups.py::a_command_of_an_admin_counts_only_when_that_person_typed_it_as_themselves",
        "e2e/test_closed_doors.py::who_only_looks_like_an_admin_is_none",
        "e2e/test_groups.py::who_hides_behind_the_group_is_told_why_nothing_happens",
        "e2e/test_bad_input.py::an_edited_message_changes_nothing",
    ),
    "28 amounts that are none": (
        "e2e/test_bad_input.py::amounts_that_are_none_are_refused",
        "storage/test_ledger.py::an_amount_that_cannot_be_meant_is_not_granted",
        "e2e/test_closed_doors.py::whatever_is_no_amount_moves_nothing",
    ),
    "29 one person who floods": (
        "unit/updates/test_lanes.py::a_flooding_chat_does_not_delay_the_others",
        "unit/updates/test_lanes.py::a_flooding_chat_occupies_one_place_only",
        "unit/updates/test_limiter.py::a_chat_that_has_to_wait_does_not_hold_up_another",
        "unit/updates/test_limiter.py::a_person_gets_three_at_once_then_one_a_second",
        "unit/updates/test_lanes.py::a_thousand_people_at_once_are_served_beside_one_who_floods",
        "handlers/test_flood.py::one_who_floods_is_told_and_another_is_answered",
    ),
    "30 KIE refuses key or credits, floods": (
        "unit/jobs/test_life.py::operator_trouble_pauses_and_ends_by_itself",
        "unit/jobs/test_life.py::waiting_jobs_keep_their_holds_through_operator_trouble",
        "unit/jobs/test_life.py::too_many_requests_hold_the_whole_queue_for_a_window",
        "unit/jobs/test_kie_answers.py::ten_minutes_of_429_make_no_hot_loop_and_lose_nothing",
        "unit/jobs/test_kie_answers.py::ten_minutes_of_429_while_reading_make_no_hot_loop",
        "unit/jobs/test_kie_answers.py::a_key_refused_in_mid_run_is_told_once_and_asked_after_seldom",
        "unit/jobs/test_kie_answers.py::an_answer_without_a_usable_task_is_never_paid_for_again",
        "unit/jobs/test_kie_answers.py::a_task_id_is_never_a_part_of_a_path",
    ),
    "31 wrong settings": (
        "e2e/test_process.py::wrong_settings_are_told_all_at_once",
        "unit/test_main.py::wrong_settings_end_with_78_and_one_page",
        "unit/test_settings.py::no_secret_reaches_the_page_its_causes_or_the_representation",
        "unit/test_settings.py::an_unknown_name_close_to_a_known_one_is_a_warning",
    ),
    "32 second process, second poller": (
        "e2e/test_process.py::a_second_process_on_the_data_folder_is_refused_and_the_first_goes_on",
        "unit/updates/test_polling.py::a_conflict_that_lasts_ends_polling_with_a_sentence",
    ),
    "33 disk, damaged file, clock": (
        (
            "unit/jobs/test_operations_troubles.py::"
            "a_full_disk_refuses_new_videos_without_charge_and_finishes_old_ones"
        ),
        "unit/jobs/test_operations_troubles.py::a_clock_set_back_by_an_hour_holds_nothing_up",
        "storage/test_database.py::a_full_disk_in_mid_transaction_changes_nothing_and_passes",
        "e2e/test_process.py::a_damaged_database_stops_the_start_and_names_the_way_back",
        "e2e/test_process.py::a_data_folder_that_cannot_be_made_is_told_in_a_sentence",
        "unit/jobs/test_operations_troubles.py::an_order_that_the_disk_has_no_room_for_is_not_half_charged",
        "unit/jobs/test_operations_troubles.py::the_task_of_a_paid_request_is_stored_as_soon_as_there_is_room",
        "storage/test_database.py::a_file_that_another_program_locks_changes_nothing_and_passes",
        "storage/test_files.py::a_data_folder_that_can_only_be_read_is_explained",
        "storage/test_migrate.py::a_newer_file_is_refused_and_left_alone",
        "storage/test_released.py::it_opens_with_all_its_rows_and_its_ledger_in_balance",
        "e2e/test_restore.py::a_backup_taken_while_a_video_is_made_is_restored_as_the_readme_says",
    ),
    "34 deleting one's data": (
        "e2e/test_delete_me.py::nothing_is_found_of_a_person_who_left",
        "storage/test_erasure.py::no_column_of_any_table_holds_the_person_any_more",
        "storage/test_erasure.py::the_ledger_adds_up_without_the_person",
        "e2e/test_delete_me.py::a_video_on_its_way_here_is_dropped",
        "storage/test_erasure.py::the_files_hold_no_byte_of_it_once_they_are_rewritten",
    ),
    "35 the container": (
        "unit/test_packaging.py::the_image_runs_without_root_and_watches_its_health",
        "unit/test_packaging.py::the_container_can_write_nowhere_but_to_its_volume",
        "unit/test_packaging.py::the_container_asks_for_no_further_right",
        "unit/test_packaging.py::the_container_sees_nothing_of_its_host_but_named_places",
        "unit/test_packaging.py::secrets_and_data_stay_out_of_the_image",
    ),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_every_attack_has_the_tests_that_are_named_for_it(attack: str) -> None:
    for named in ATTACKS[attack]:
        file, _, name = named.partition("::")
        text = (TESTS / file).read_text("utf-8")
        assert re.search(rf"^(async )?def test_{name}\(", text, re.MULTILINE), named


def test_no_attack_is_left_out() -> None:
    assert [int(attack.split()[0]) for attack in ATTACKS] == list(range(1, 36))


def _promises() -> list[tuple[str, set[int], list[str]]]:
    """Return the rows of README's table: a promise, the attacks, the files that show it."""
    readme = (TESTS.parent / "README.md").read_text("utf-8")
    table = readme.split("<!-- promises:")[1].split("\n\n")[0].splitlines()[3:]
    rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table]
    return [
        (promise, set(map(int, re.findall(r"\d+", numbers))), re.findall(r"`([^`]+)`", files))
        for promise, numbers, files in rows
    ]


def test_readme_promises_something_against_every_attack_once() -> None:
    numbers = sorted(number for _, attacks, _ in _promises() for number in attacks)
    assert numbers == list(range(1, 36))


@pytest.mark.parametrize(("promise", "numbers", "files"), _promises())
def test_what_readme_promises_is_shown_where_it_says(
    promise: str, numbers: set[int], files: list[str]
) -> None:
    assert files
    assert [file for file in files if not (TESTS / file).is_file()] == []
    named = {
        int(attack.split()[0]): {test.partition("::")[0] for test in tests}
        for attack, tests in ATTACKS.items()
    }
    assert [number for number in numbers if not named[number] & set(files)] == []
    shown = {file for number in numbers for file in named[number]}
    assert not numbers or set(files) <= shown, promise
