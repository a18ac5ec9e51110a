"""The port that every provider is asked through, and one folder a provider."""
