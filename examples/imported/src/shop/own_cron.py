NAME = "cron"
