"""Dataset versions: what changed between two, what one holds, and how a person leaves all of them."""
