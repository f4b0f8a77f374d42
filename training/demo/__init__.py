"""The demo model, trained from scratch on generated scenes. Nothing else imports this package."""
