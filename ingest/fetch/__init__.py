"""Bytes over HTTP: the client with its guard, the rhythm of each feed, the manners toward each host."""
