"""What the platform costs, what Snowflake costs, and where the two meet."""
