"""The parts of a client that are for more than runs, such as `client.graphs` and `client.keys`."""

from __future__ import annotations

from typing import Generic, TypeVar

from interlock.client.flows import files, fleet, graphs, jobs, keys, schedules
from interlock.client.methods import many, once

D = TypeVar("D")


class Part(Generic[D]):
    """A part of a client, which sends through it."""

    def __init__(self, driver: D) -> None:
        self.driver: D = driver


class Graphs(Part[D]):
    """Graphs that are known by name, and their versions."""

    list = many(graphs.list_graphs)
    get = once(graphs.get_graph)
    check = once(graphs.check)
    register = once(graphs.register)
    versions = many(graphs.versions)
    version = once(graphs.version)
    plan = once(graphs.plan_version)
    publish = once(graphs.publish)
    go_back = once(graphs.go_back)


class Schedules(Part[D]):
    """What starts runs by itself."""

    list = many(schedules.list_schedules)
    get = once(schedules.get_schedule)
    pause = once(schedules.pause)
    resume = once(schedules.resume)
    fire = once(schedules.fire)
    offer = once(schedules.offer)


class Keys(Part[D]):
    """API keys."""

    list = many(keys.list_keys)
    get = once(keys.get_key)
    make = once(keys.make_key)
    revoke = once(keys.revoke_key)


class Artifacts(Part[D]):
    """Files that are kept under their digests, and those in the workspaces of runs."""

    list = many(files.list_artifacts)
    upload = once(files.upload_artifact)
    download = once(files.download_artifact)
    give_up = once(files.give_up_artifact)
    of_run = many(files.files_of)
    read = once(files.file_of)


class Fleet(Part[D]):
    """Who works, and what waits for them."""

    workers = once(fleet.workers)
    queue = once(fleet.queue)


class Jobs(Part[D]):
    """Long work: runs put into files, files taken in, records verified."""

    list = many(jobs.list_jobs)
    get = once(jobs.get_job)
    wait = once(jobs.wait)
    export = once(jobs.export)
    import_run = once(jobs.import_run)
    verify = once(jobs.verify)
    cancel = once(jobs.cancel)
    again = once(jobs.again)
