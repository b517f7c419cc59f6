"""Live-agent handoff for Dialogflow: everything its Cloud Functions share."""
