"""The places of the dashboard, and the small windows over them."""
