"""What a scene shows, drawn from a seed before anything is modelled."""
