"""The platform's report: Grafana's dashboards and the platform's own books, drawn into one HTML file."""
