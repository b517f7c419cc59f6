"""Dialogflow's two dialects, CX and ES, in and out of our words."""
