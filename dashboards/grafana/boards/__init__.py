"""What each Grafana dashboard shows, one file a dashboard."""
