"""What a commit does: identity, versions, stories."""
