"""What makes Superset this platform's: its roles and users, dashboards as code, and who may see which rows."""
