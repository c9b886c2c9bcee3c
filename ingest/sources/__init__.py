"""Where bytes come from: feeds, the list of feeds, the seed folder."""
