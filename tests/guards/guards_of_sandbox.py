"""The guards around students' code: each part of the sandbox and each limit, taken away by itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from guard_kinds import Guard, replace

_OUTER = "crm_lib/kernels/sandbox.py"
_INNER = "crm_lib/kernels/isolate.py"
_WATCH = "crm_lib/kernels/station_watch.py"
_CHILD = "crm_lib/kernels/station_child.py"
_STATION = "crm_lib/kernels/station.py"
_OUTER_TESTS = "tests/kernels/test_sandbox.py"
_LIMITS = "tests/kernels/test_station_limits.py"
_STATIONS = "tests/kernels/test_station.py"
_HOLDS = f"{_LIMITS}::test_the_system_itself_holds_each_limit"


def _stay_who_asked(root: Path) -> None:
    replace(_OUTER, "*_become_nobody(), ", "")(root)
    replace(_OUTER, '"--uid", str(NOBODY)', '"--uid", str(os.getuid())')(root)


def _without_limit(name: str) -> Callable[[Path], None]:
    return replace(_INNER, f'("{name}", ', '("DATA", 2**62 or ')


def _share_files(root: Path) -> None:
    replace(_INNER, '_mount("tmpfs", "/tmp", "tmpfs"', '_mount("tmpfs", "/dev/shm", "tmpfs"')(root)


OUTER = [
    Guard(
        "students' code has no network",
        "the outer sandbox keeps the host's",
        replace(_OUTER, '"--unshare-net", ', ""),
        (f"{_OUTER_TESTS}::test_no_packet_reaches_the_host",),
    ),
    Guard(
        "students' code sees no process of the host",
        "the outer sandbox keeps the host's processes",
        replace(_OUTER, '"--unshare-pid", ', ""),
        (f"{_OUTER_TESTS}::test_it_sees_no_process_of_the_host",),
    ),
    Guard(
        "students' code is never run as root",
        "the sandbox stays the user that asked",
        _stay_who_asked,
        (f"{_OUTER_TESTS}::test_it_is_nobody_whoever_asks",),
    ),
    Guard(
        "the outer sandbox clears the environment",
        "bubblewrap hands it on",
        replace(_OUTER, ', "--clearenv"]', "]"),
        (f"{_OUTER_TESTS}::test_it_sees_nothing_of_the_host_but_what_it_is_shown",),
    ),
    Guard(
        "the sandbox shows nothing but the environment",
        "/var is shown too",
        replace(_OUTER, '_SYSTEM = ("/usr", ', '_SYSTEM = ("/var", "/usr", '),
        (f"{_OUTER_TESTS}::test_it_sees_nothing_of_the_host_but_what_it_is_shown",),
    ),
    Guard(
        "what the sandbox shows cannot be changed",
        "it is shown for writing",
        replace(_OUTER, '["--ro-bind", outside, inside]', '["--bind", outside, inside]'),
        (f"{_OUTER_TESTS}::test_it_cannot_change_what_it_is_shown",),
    ),
    Guard(
        "the sandbox's own folders cannot be filled",
        "they are left open for writing",
        replace(_OUTER, '"--remount-ro", "/dev", "--remount-ro", "/", ', ""),
        (f"{_OUTER_TESTS}::test_it_can_write_only_to_its_own_tmp",),
    ),
    Guard(
        "the sandbox's room for files is bounded",
        "its /tmp gets no size",
        replace(_OUTER, '"--size", str(tmp_mb * _MEBIBYTE), ', ""),
        (f"{_OUTER_TESTS}::test_its_tmp_has_a_largest_size",),
    ),
    Guard(
        "the sandbox ends with the one who opened it",
        "bubblewrap is not told to",
        replace(_OUTER, '"--die-with-parent", ', ""),
        (f"{_OUTER_TESTS}::test_it_ends_with_the_one_who_opened_it",),
    ),
    Guard(
        "a station is shown no checks table",
        "it is shown all of notebooks/",
        replace(
            "crm_lib/kernels/station_cells.py",
            'f"{SUITE}/notebooks/{notebook_id}.ipynb": str(notebook_file(notebook_id)),',
            'f"{SUITE}/notebooks": str(root / "notebooks"),',
        ),
        (f"{_STATIONS}::test_no_checks_table_and_no_source_is_shown",),
    ),
    Guard(
        "root needs a sandbox",
        "root is not asked for one",
        replace(_STATION, 'if unsafe and hasattr(os, "getuid") and os.getuid() == 0:', "if False:"),
        (f"{_STATIONS}::test_wrong_calls_are_refused",),
    ),
]

INNER = [
    Guard(
        "each student has processes of his own",
        "the fork keeps the station's",
        replace(_INNER, "_NEW_PROCESSES | ", ""),
        (f"{_LIMITS}::test_the_process_is_the_first_of_its_world_and_signals_reach_nobody_else",),
    ),
    Guard(
        "each student has a network of his own",
        "the forks share the station's",
        replace(_INNER, " | _NEW_NETWORK", ""),
        (f"{_LIMITS}::test_students_at_work_at_the_same_time_share_no_folder_and_no_address",),
    ),
    Guard(
        "each student has files of his own",
        "the forks share the station's /tmp",
        _share_files,
        (f"{_LIMITS}::test_students_at_work_at_the_same_time_share_no_folder_and_no_address",),
    ),
    Guard(
        "a student's room for files is bounded",
        "his /tmp gets no size",
        replace(_INNER, "size={limits['tmp_mb']}m,", ""),
        (f"{_LIMITS}::test_files_together_have_a_largest_size",),
    ),
    Guard(
        "a student sees nothing of /proc",
        "it is not covered",
        replace(_INNER, '    _mount("tmpfs", "/proc"', '    str("/proc") or _mount("tmpfs", "/proc"'),
        (f"{_LIMITS}::test_nothing_of_proc_is_seen",),
    ),
    Guard(
        "a student's environment is cleared",
        "the station's is left",
        replace(_INNER, "    os.environ.clear()\n", ""),
        (f"{_LIMITS}::test_the_environment_is_cleared",),
    ),
    Guard(
        "a student inherits no descriptor",
        "they stay open",
        replace(
            _INNER, "            os.dup2(nowhere, fd, ", "            str(nowhere) or os.dup2(nowhere, fd, "
        ),
        (f"{_LIMITS}::test_no_descriptor_of_the_station_is_left",),
    ),
    Guard(
        "a student has no rights in his own namespace",
        "they are kept",
        replace(_INNER, "    drop_rights()\n", ""),
        (f"{_LIMITS}::test_there_are_no_rights",),
    ),
    Guard(
        "calls that no limit holds are refused",
        "there is no filter",
        replace(_INNER, "    hold_filter()\n", ""),
        (f"{_LIMITS}::test_memory_that_no_sum_sees_cannot_be_had",),
    ),
    Guard(
        "a signal to the group ends with the student",
        "the one who waits is of the same group",
        replace(_CHILD, "            os.setsid()  #", "            #"),
        (f"{_LIMITS}::test_a_signal_to_its_group_reaches_nobody_else",),
    ),
    Guard(
        "only the student's first process hands out",
        "its forks do as well",
        replace(_CHILD, "if os.getpid() == home:", "if home:"),
        (f"{_LIMITS}::test_a_fork_that_comes_back_from_the_code_hands_nothing_out",),
    ),
]

LIMITS = [
    Guard(
        "an answer's time on the clock is limited",
        "the watch has no clock",
        replace(_WATCH, 'if self.seconds > self._limits["wall_seconds"]:', "if False:"),
        (f"{_LIMITS}::test_time_on_the_clock_is_limited",),
    ),
    Guard(
        "computing time is summed over processes",
        "the watch does not sum it",
        replace(_WATCH, '> self._limits["cpu_seconds"]:', "> 1e9:"),
        (f"{_LIMITS}::test_computing_time_counts_all_processes",),
    ),
    Guard(
        "memory is summed over processes",
        "the watch does not sum it",
        replace(_WATCH, '            return "memory_mb"', '            return ""'),
        (f"{_LIMITS}::test_memory_counts_all_processes",),
    ),
    Guard(
        "memory that hides its share counts in full",
        "it counts as nothing",
        replace(_WATCH, "        return process.resident\n", "        return 0\n"),
        (f"{_LIMITS}::test_memory_that_hides_its_share_counts_in_full",),
    ),
    Guard(
        "what the official cells hold is nobody's memory",
        "a student's part of it counts",
        replace(_WATCH, " > most + lent:", " > most:"),
        (f"{_LIMITS}::test_what_the_official_cells_hold_is_not_held_against_a_student",),
    ),
    Guard(
        "the watch counts processes",
        "it does not",
        replace(_WATCH, '            return "processes"', '            return ""'),
        (f"{_LIMITS}::test_the_watch_counts_processes_where_the_system_does_not",),
    ),
    Guard(
        "the system bounds the memory of a process",
        "RLIMIT_AS is not set",
        _without_limit("AS"),
        (f"{_LIMITS}::test_one_process_cannot_take_more_memory_than_all_may",),
    ),
    Guard(
        "the system bounds computing time",
        "RLIMIT_CPU is not set",
        _without_limit("CPU"),
        (_HOLDS,),
    ),
    Guard(
        "the system bounds the number of processes",
        "RLIMIT_NPROC is not set",
        _without_limit("NPROC"),
        (f"{_LIMITS}::test_processes_are_limited", _HOLDS),
    ),
    Guard(
        "the system bounds the size of a file",
        "RLIMIT_FSIZE is not set",
        _without_limit("FSIZE"),
        (f"{_LIMITS}::test_a_file_has_a_largest_size",),
    ),
    Guard(
        "the system bounds the number of open files",
        "RLIMIT_NOFILE is not set",
        _without_limit("NOFILE"),
        (f"{_LIMITS}::test_open_files_are_limited",),
    ),
    Guard(
        "a crash leaves no image of the memory",
        "RLIMIT_CORE is not set",
        _without_limit("CORE"),
        (_HOLDS,),
    ),
    Guard(
        "output is bounded",
        "everything printed is taken and nothing said",
        replace(
            _CHILD, "            raise TooMuchOutput(self._sentence)\n", "            return len(text)\n"
        ),
        (f"{_LIMITS}::test_output_is_limited_and_the_first_part_kept",),
    ),
    Guard(
        "the size of an answer is bounded",
        "the grader reads on",
        replace(_STATION, "flight.over = len(flight.read) > most", "flight.over = False"),
        (f"{_LIMITS}::test_an_answer_has_a_largest_size",),
    ),
    Guard(
        "code that was killed delays nobody twice",
        "it is run again for every later answer",
        replace(_STATION, "if (number, i) not in self._spoilt", "if number >= 0"),
        (f"{_STATIONS}::test_code_that_was_killed_is_not_run_again_for_later_answers",),
    ),
    Guard(
        "what a student's process wrote is not believed",
        "any form is taken",
        replace(
            "crm_lib/kernels/answers_in.py",
            "return rule is not None and rule(form, depth)",
            "return True",
        ),
        ("tests/kernels/test_station_answers.py::test_bytes_that_are_not_an_answer_are_refused",),
    ),
]

SANDBOX = [*OUTER, *INNER, *LIMITS]
