"""The pretended providers, asked over real HTTP as any client would ask them."""
