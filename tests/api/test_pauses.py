"""Pauses: a managed list, which binds as soon as it is not empty."""

from tests.api.conftest import Api


def test_any_pause_will_do_while_the_list_is_empty(api: Api) -> None:
    api.agent()
    paused = api.must("Ada", "PUT", "/agents/me/presence", {"state": "paused", "pause": "Fire drill"})
    assert (paused["state"], paused["pause"]) == ("paused", "Fire drill")


def test_a_pause_is_one_of_the_list_and_written_as_there(api: Api) -> None:
    api.agent()
    for name in ("Lunch", "Training"):
        api.must("supervisor", "POST", "/pauses", {"name": name})
    refused = api("Ada", "PUT", "/agents/me/presence", {"state": "paused", "pause": "Fire drill"})
    assert (refused.status, refused.pointers) == (422, ["/pause"])
    assert refused.body["errors"][0]["detail"] == "One of: Lunch, Training."
    paused = api.must("Ada", "PUT", "/agents/me/presence", {"state": "paused", "pause": "lunch"})
    assert paused["pause"] == "Lunch"


def test_a_pause_exists_once_until_it_is_deleted(api: Api) -> None:
    api.agent()
    lunch = api.must("supervisor", "POST", "/pauses", {"name": "Lunch"})
    taken = api("supervisor", "POST", "/pauses", {"name": "LUNCH"})
    assert (taken.status, taken.pointers) == (422, ["/name"])
    assert api.must("Ada", "GET", "/pauses")["data"] == [lunch]
    assert api("Ada", "POST", "/pauses", {"name": "Nap"}).status == 403
    assert api("supervisor", "DELETE", f"/pauses/{lunch['id']}").status == 204
    assert api("supervisor", "DELETE", f"/pauses/{lunch['id']}").status == 404
    assert api.must("supervisor", "POST", "/pauses", {"name": "lunch"})["name"] == "lunch"
