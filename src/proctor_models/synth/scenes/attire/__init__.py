"""Everything people wear: hair, clothes, hats, masks, glasses, earphones."""
