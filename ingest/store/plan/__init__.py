"""What is due and how it went: schedules, pages, coverage, progress, requests, complaints."""
