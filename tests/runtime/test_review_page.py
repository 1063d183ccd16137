"""The page in a real browser: a person with a keyboard, a telephone, or another language."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from browser import Browser, browser, needs_browser
from proctor_models.rules.policy import Text
from proctor_models.runtime.decisions import read_decisions
from proctor_models.runtime.report import render
from proctor_models.runtime.review_server import ReviewServer
from watched import event, finding, gap, present, served, session, write_exam, write_hour, write_ledger

pytestmark = [pytest.mark.slow, needs_browser]
HOSTILE = '</script><img src="https://example.org/x" onerror="document.title=1">.mp4'


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("profile")) as made:
        yield made


@pytest.fixture
def page(opened: Browser) -> Iterator[Browser]:
    """A desktop window; whatever the page complains of fails the test."""
    opened.complaints.clear()
    opened.size(1440, 900)
    yield opened
    # The browser asks for an icon by itself, sometimes when the server of a test has gone already.
    assert [each for each in opened.complaints if "/favicon.ico" not in each] == []


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two phones close together, a gap, an earphone later; what happened to the watching."""
    late = {"rule": "earphone", "detector": "earphone", "severity": "breach_of_discipline"}
    found = [
        finding(1),
        finding(2, start_s=30.0, peak_s=31.0, end_s=32.0),
        gap(3, start_s=39.5, end_s=60.0),
        finding(4, start_s=50.0, peak_s=51.0, end_s=52.0, **late),
    ]
    made = write_exam(tmp_path / "review", found)
    turn = event("environment_scan", 45.0, "second", turn_deg=170, candidate_share=0.913)
    write_ledger(made, event("camera_lost", 39.5, "second", reason="the camera gives no frames"), turn)
    return made


@pytest.fixture
def server(folder: Path) -> Iterator[ReviewServer]:
    with served(folder) as made:
        yield made


def test_timeline__time_seen_and_not_analysed_looks_different_from_time_missing(page: Browser, tmp_path: Path) -> None:
    folder = write_exam(tmp_path / "review")
    write_ledger(folder, present("second", (39.5, 50.0)), present_from_s=2.0)
    with served(folder) as server:
        page.open(f"{server.address}#lang=zh")
        bands = "[...document.querySelectorAll('#timeline .coverage .band')]"
        names = page.run(f"JSON.stringify({bands}.map((each) => each.className))")
        assert names == '["band unseen-time","band not-analysed"]'
        assert page.run(f"new Set({bands}.map((each) => getComputedStyle(each).backgroundImage)).size") == 2
        legend = str(page.run("document.querySelector('.legend').textContent"))
        assert "无画面" in legend
        assert "有画面，未分析" in legend
        page.open(f"{server.address}#lang=en")
        assert "seen, not analysed" in str(page.run("document.querySelector('.legend').textContent"))


def current(page: Browser) -> str:
    return str(page.run("document.querySelector('.card').dataset.finding"))


def progress(page: Browser) -> str:
    return str(page.run("document.querySelector('#progress strong').textContent"))


def saved(page: Browser, words: str) -> None:
    page.until(f"document.querySelector('#saved').textContent === {json.dumps(words)}")


def decided(folder: Path) -> dict[str, str]:
    return {name: each.decision for name, each in read_decisions(folder).items()}


def test_keys__decide_and_the_server_writes_it(page: Browser, server: ReviewServer, folder: Path) -> None:
    page.open(f"{server.address}#lang=en")
    page.press("c")
    assert (current(page), progress(page)) == ("F0002", "1 of 4 judged")
    page.press("d", "j", "k")
    saved(page, "Saved in decisions.jsonl")
    assert decided(folder) == {"F0001": "confirmed", "F0002": "dismissed"}
    page.open(f"{server.address}#lang=en")  # loaded anew
    assert (current(page), progress(page)) == ("F0004", "2 of 4 judged")  # gone on with where it was left
    assert page.run("document.querySelector('#row-F0002').dataset.decision") == "dismissed"


def test_keys__undo_and_a_whole_group(page: Browser, server: ReviewServer, folder: Path) -> None:
    page.open(f"{server.address}#lang=en")
    page.press("C", "u")  # a capital without shift is caps lock: one finding
    assert progress(page) == "0 of 4 judged"
    page.run("document.querySelector('.together button').click()")
    assert (current(page), progress(page)) == ("F0004", "2 of 4 judged")
    saved(page, "Saved in decisions.jsonl")
    assert decided(folder) == {"F0001": "confirmed", "F0002": "confirmed"}
    page.press("u")
    assert (current(page), progress(page)) == ("F0001", "0 of 4 judged")
    saved(page, "Saved in decisions.jsonl")
    assert set(decided(folder).values()) == {"open"}


def test_note__is_saved_with_the_decision(page: Browser, server: ReviewServer, folder: Path) -> None:
    page.open(f"{server.address}#lang=zh")
    page.press("n", "j", "c", "Escape", "c")  # letters in the note are letters
    saved(page, "已写入 decisions.jsonl")
    made = read_decisions(folder)["F0001"]
    assert (made.decision, made.note) == ("confirmed", "jc")


def test_server_gone__is_said_and_nothing_is_lost(page: Browser, folder: Path) -> None:
    with ReviewServer(folder) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        page.open(f"{server.address}#lang=en")
        server.shutdown()
        thread.join()
    page.press("c")
    page.until("document.querySelector('#saved').className === 'warning'")
    assert "run proctor review again" in page.run("document.querySelector('#saved').textContent")
    assert progress(page) == "1 of 4 judged"
    page.complaints.clear()  # the browser's own word that nobody answered


def test_file__keeps_decisions_in_the_browser_and_imports_them(page: Browser, folder: Path) -> None:
    address = f"{render(folder).as_uri()}#lang=en"
    page.open(address)
    page.run("localStorage.clear()")
    page.open(address)
    page.press("c")
    page.open(address)
    assert progress(page) == "1 of 4 judged"
    rows = [{"finding": "F0002", "decision": "dismissed", "note": "n"}, {"finding": "F0001", "decision": "open"}]
    hashes = page.run("JSON.parse(document.querySelector('#data').textContent).ledger_sha256")
    imported = {"schema": "proctor-decisions/1", "ledger_sha256": hashes, "decisions": rows}
    give(page, json.dumps(imported))
    saved(page, "2 decisions imported")
    assert progress(page) == "1 of 4 judged"
    assert page.run("document.querySelector('#row-F0002').dataset.decision") == "dismissed"
    give(page, json.dumps({**imported, "ledger_sha256": {"findings.jsonl": "0"}}))
    saved(page, "Not imported: this file belongs to another exam.")
    give(page, "no decisions")
    saved(page, "Not imported: this file holds no decisions.")


def give(page: Browser, text: str) -> None:
    """Hand the page a file, as a person would choose one."""
    page.run(
        "(() => { const input = document.querySelector('input[type=file]'), files = new DataTransfer();"
        f"files.items.add(new File([{json.dumps(text)}], 'decisions.json')); input.files = files.files;"
        "input.dispatchEvent(new Event('change')); })()"
    )


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh", ("接触手机", "摄像头断开", "摄像头没有画面", "转动角度: 170°", "比例: 91 %", "确认")),
        ("en", ("Phone touched", "Camera lost", "the camera gives no frames", "turned: 170°", "Confirm")),
    ],
)
def test_language__switches_every_part(page: Browser, folder: Path, language: str, words: tuple[str, ...]) -> None:
    page.open(f"{render(folder).as_uri()}#lang={'en' if language == 'zh' else 'zh'}")
    page.run(f"document.querySelector('.switch [lang^={language}]').click()")
    shown = page.run("document.querySelector('main').innerText")
    assert [word for word in words if word not in shown] == []
    assert page.run("document.documentElement.lang").startswith(language)
    header = page.run("document.querySelector('#header').innerText")
    assert "每条记录仅供人工复核" in header
    assert "Every finding is for review by a person" in header


@pytest.mark.parametrize("dark", [False, True])
def test_phone__fits_the_width_and_the_thumb(page: Browser, folder: Path, dark: bool) -> None:
    page.size(390, 844, dark=dark)
    page.open(f"{render(folder).as_uri()}#lang=en")
    assert page.run("document.documentElement.scrollWidth") == 390
    low = page.run(
        "[...document.querySelectorAll('button, select, summary')].filter((each) => each.offsetParent"
        " && !each.matches('.mark') && each.offsetHeight < 44).map((each) => each.outerHTML.slice(0, 90))"
    )
    assert low == []
    assert page.run("parseFloat(getComputedStyle(document.querySelector('.mark'), '::after').width)") >= 44
    ground = page.run("getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(21, 25, 28)") is dark


def test_hour__is_quick_to_judge(page: Browser, tmp_path: Path) -> None:
    page.open(f"{render(write_hour(tmp_path / 'hour')).as_uri()}#lang=en")
    assert page.run("document.querySelectorAll('.finding-row').length") == 60
    assert page.run("document.querySelectorAll('.list .group').length") > 10
    assert page.run("document.querySelectorAll('.event-mark').length") == 4  # a restart concerns both views
    for _ in range(60):
        page.press("d")
    assert progress(page) == "60 of 60 judged"


def test_one_view__without_findings_says_that_it_looked(page: Browser, tmp_path: Path) -> None:
    views = {"first": session()["views"]["first"]}
    page.open(f"{render(write_exam(tmp_path / 'clean', [], views=views)).as_uri()}#lang=en")
    shown = page.run("document.querySelector('main').innerText")
    assert "No findings" in shown
    assert page.run("document.querySelectorAll('.card').length") == 0
    assert page.run("document.querySelectorAll('.lane .row.bare').length") == 3  # the recording, phones, masks


def test_filters__leave_what_matches_and_nothing_else(page: Browser, folder: Path) -> None:
    page.open(f"{render(folder).as_uri()}#lang=en")
    page.run(
        "(() => { const select = document.querySelector('select[name=severity]'); select.value = 'invalid_recording';"
        "select.dispatchEvent(new Event('change')); })()"
    )
    assert (current(page), page.run("document.querySelectorAll('.finding-row').length")) == ("F0003", 1)
    assert page.run("[...document.querySelectorAll('.mark')].filter((each) => !each.hidden).length") == 1


def test_paper__shows_every_finding(page: Browser, folder: Path) -> None:
    page.open(f"{render(folder).as_uri()}#lang=en")
    page.run("window.dispatchEvent(new Event('beforeprint'))")
    assert page.run("document.querySelectorAll('#paper .card').length") == 4


def test_hostile_names__stay_text(page: Browser, tmp_path: Path) -> None:
    views = {"first": {**session()["views"]["first"], "file_name": HOSTILE}}
    folder = write_exam(tmp_path / "hostile", [finding(title=Text(HOSTILE, HOSTILE))], views=views)
    page.open(f"{render(folder).as_uri()}#lang=en")
    assert page.run("document.querySelector('.card h3').textContent").startswith(HOSTILE)
    assert page.run("[...document.images].filter((each) => !each.src.startsWith('data:')).length") == 0


def test_policy__is_in_force(page: Browser, folder: Path) -> None:
    page.open(f"{render(folder).as_uri()}#lang=en")
    page.run("document.body.setAttribute('style', 'color: red')")
    assert ["Content Security Policy" in each for each in page.complaints] == [True]
    page.complaints.clear()


def test_interrupted__is_marked_in_list_and_card(page: Browser, tmp_path: Path) -> None:
    folder = write_exam(tmp_path / "cut", [finding(1, interrupted=True)])
    page.open(f"{render(folder).as_uri()}#lang=en")
    assert "Cut off by a restart" in page.run("document.querySelector('.interrupted').textContent")
    assert "\u2301" in page.run("document.querySelector('#row-F0001').textContent")


def test_clip__plays_only_when_asked_for(page: Browser, folder: Path) -> None:
    picture = folder / "evidence/F0001-clip.webp"
    assert cv2.imwrite(str(picture), np.zeros((48, 64, 3), np.uint8))
    write_ledger(folder, ("clip", {"finding": "F0001", "path": "evidence/F0001-clip.webp", "sha256": "a" * 64}))
    page.open(f"{render(folder).as_uri()}#lang=en")
    assert page.run("document.querySelectorAll('.clip img').length") == 0
    page.run("document.querySelector('.clip button').click()")
    page.until("document.querySelector('.clip img').naturalWidth === 64")


def test_boxes__lie_where_they_were_seen_whatever_size_the_camera_had_later(page: Browser, tmp_path: Path) -> None:
    folder = write_exam(tmp_path / "turned", [finding(1, boxes=((16.0, 12.0, 48.0, 36.0),))])
    page.open(f"{render(folder).as_uri()}#lang=en")
    assert page.run("document.querySelector('.card svg.boxes').getAttribute('viewBox')") == "0 0 64 48"
