"""calbridge provider for booking portals that speak the calbridge portal protocol (Vetstoria-style)."""
