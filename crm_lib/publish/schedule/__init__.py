"""Which reports are due when: the schedule file, its times, and the run that does what is due exactly once."""
