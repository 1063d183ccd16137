"""What an auditor can hold the project to: signed packs, and which of them was in use when."""
