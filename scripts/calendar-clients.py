"""Reads a feed from the service at ORDERS_URL, with the API key in ORDERS_KEY, with three programs, and compares what they hold with
what the service holds. khal and vdirsyncer are those beside the Python that runs this."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from datetime import datetime, timedelta, timezone

from icalendar import Calendar

CALENDARS = {"crew-1": ("Crew 1; north", "PT90M"), "crew-2": ("Crew 2", "PT3H")}
SERVICES = {"inspection": "Inspection, of roofs", "test": "Test – für alle, die 🏠 mögen; mit \\ und allem, was lang genug für zwei Zeilen ist"}
PROGRAMS = pathlib.Path(sys.executable).parent


def send(method, path, body=None, headers={}):
    url = path if path.startswith("http") else os.environ["ORDERS_URL"] + path
    headers = {"Authorization": f"Bearer {os.environ['ORDERS_KEY']}", "Content-Type": "application/json"} | headers
    request = urllib.request.Request(url, json.dumps(body).encode() if body else None, headers, method=method)
    with urllib.request.urlopen(request, timeout=30) as response:
        return response.headers, response.read()


def must_be_equal(found, expected, what):
    if found != expected:
        sys.exit(f"{what}: found {found}\nexpected {expected}")


def held_by_service():
    """Start, end, services and calendar of each order."""
    orders = json.loads(send("GET", "/orders")[1])
    return sorted(
        (start, start + lengths[order["calendar"]], tuple(SERVICES[it["id"]] for it in order["services"]), CALENDARS[order["calendar"]][0])
        for order in orders
        for start in [datetime.fromisoformat(order["datetime"])]
    )


def held_in(texts):
    """The same of the events in these texts, as icalendar reads them."""
    events = [event for text in texts for event in Calendar.from_ical(text).walk("VEVENT")]
    for event in events:
        assert str(event["SUMMARY"]) == ", ".join(map(str, event.categories)), event
    return sorted((e.start, e.end, tuple(map(str, e.categories)), str(e["DESCRIPTION"])) for e in events)


def run(program, *arguments):
    environment = os.environ | {"HOME": str(home), "XDG_CONFIG_HOME": str(home), "XDG_DATA_HOME": str(home), "TZ": "UTC"}
    done = subprocess.run([PROGRAMS / program, *arguments], env=environment, text=True, capture_output=True)
    if done.returncode:
        sys.exit(f"{program} {arguments} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def sync():
    """The files of vdirsyncer after a synchronization. It gives each event of a feed a UID of its own, which is a hash of the event."""
    run("vdirsyncer", "-c", home / "vdirsyncer.conf", "sync")
    return {file.read_text() for file in (home / "orders").iterdir()}


def held_by_khal():
    """Start, end and title of each event in the year."""
    form = "{start-date} {start-time}\t{end-date} {end-time}\t{title}\t{description}"
    days = ["list", "--once", "--day-format", "", "--format", form, "today", "14d"]
    lines = filter(None, run("khal", "-c", home / "khal.conf", "--no-color", *days).splitlines())
    return sorted(tuple(line.split("\t")) for line in lines)


def check():
    """Fails unless all programs hold what the service holds. Returns the events of icalendar by their UID, and the files of vdirsyncer."""
    expected = held_by_service()
    text = send("GET", url)[1].decode()
    must_be_equal(held_in([text]), expected, "icalendar")
    files = sync()
    must_be_equal(held_in(files), expected, "vdirsyncer")
    time = "%Y-%m-%d %H:%M"
    titles = [(a.strftime(time), b.strftime(time), ", ".join(services), name) for a, b, services, name in expected]
    must_be_equal(held_by_khal(), sorted(titles), "khal")
    return {str(event["UID"]): event.to_ical() for event in Calendar.from_ical(text).walk("VEVENT")}, files


lengths = {"crew-1": timedelta(minutes=90), "crew-2": timedelta(hours=3)}
for id, name in SERVICES.items():
    send("POST", "/services", {"id": id, "name": name})
for id, (name, gap) in CALENDARS.items():
    send("POST", "/calendars", {"id": id, "name": name, "minimum_gap": gap})
tomorrow = datetime.now(timezone.utc).replace(hour=6, minute=0, second=0, microsecond=0) + timedelta(days=1)
for n in range(20):
    services = [{"id": id} for id in ["inspection", "test"][: n % 2 + 1]]
    start = (tomorrow + timedelta(hours=4 * n)).isoformat()
    send("POST", "/orders", {"id": str(n), "calendar": f"crew-{n % 2 + 1}", "datetime": start, "totalfee": 100, "services": services})
url = json.loads(send("POST", "/feeds", {"name": "Crews", "calendars": list(CALENDARS)})[1])["url"]

with tempfile.TemporaryDirectory() as home:
    home = pathlib.Path(home)
    (home / "orders").mkdir()
    (home / "vdirsyncer.conf").write_text(f"""
[general]
status_path = "{home}/status"
[pair orders]
a = "files"
b = "feed"
collections = null
conflict_resolution = "b wins"
[storage files]
type = "filesystem"
path = "{home}/orders"
fileext = ".ics"
[storage feed]
type = "http"
url = "{url}"
""")
    (home / "khal.conf").write_text(f"""
[calendars]
[[orders]]
path = {home}/orders
readonly = True
[sqlite]
path = {home}/khal.db
[locale]
local_timezone = UTC
default_timezone = UTC
timeformat = %H:%M
dateformat = %Y-%m-%d
longdateformat = %Y-%m-%d
datetimeformat = %Y-%m-%d %H:%M
longdatetimeformat = %Y-%m-%d %H:%M
""")
    run("vdirsyncer", "-c", home / "vdirsyncer.conf", "discover")
    before, files_before = check()
    must_be_equal((len(before), len(files_before)), (20, 20), "the number of events and of files")
    tag = send("GET", url)[0]["ETag"]
    try:
        send("GET", url, headers={"If-None-Match": tag})
        sys.exit("an unchanged feed was sent again")
    except urllib.error.HTTPError as answer:
        must_be_equal(answer.code, 304, "the answer to a client that has the feed")

    start = (tomorrow + timedelta(days=5)).isoformat()
    send("PATCH", "/orders/3", {"datetime": start}, {"Content-Type": "application/merge-patch+json"})
    send("DELETE", "/orders/8")
    after, files_after = check()
    changed = [uid for uid in before if before[uid] != after.get(uid)]
    gone = [uid for uid in changed if uid not in after]
    must_be_equal((len(changed), len(gone), set(after) - set(before)), (2, 1, set()), "changed, deleted and new events")
    must_be_equal((len(files_before - files_after), len(files_after - files_before)), (2, 1), "old and new files")
print("calendar-clients: icalendar, khal and vdirsyncer hold what the service holds; a move and a deletion changed two events")
