"""The backend process as the plugin sees it: started, spoken to, ended."""
