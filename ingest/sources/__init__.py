"""Where bytes come from: feeds, pages, the seed folder, archives; each read in a process that can be killed."""
