"""Answers: filters, articles with their evidence, sources, labels, exports."""
