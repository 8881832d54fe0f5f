"""Editions for a course, grading in a sandbox, gradebook, feedback, similarity."""
