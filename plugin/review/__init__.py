"""What a person says of answers: actions by keys."""
