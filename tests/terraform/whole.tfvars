project      = "tulip-demo"
archives     = "tests/archives"
alert_emails = ["ops@example.com"]

environment = {
  LIVECHAT_ORGANIZATION_ID  = "0a1b"
  LIVECHAT_CLIENT_ID        = "client"
  EIGHT_BY_EIGHT_TENANT     = "tulip"
  EIGHT_BY_EIGHT_CHANNEL_ID = "channel"
}

secrets = {
  HANDOFF_TOKEN_KEY       = ["1"]
  LIVECHAT_CLIENT_SECRET  = ["1"]
  LIVECHAT_REFRESH_TOKEN  = ["1"]
  LIVECHAT_WEBHOOK_SECRET = ["2", "1"]
  EIGHT_BY_EIGHT_API_KEY  = ["1"]
}

dialogflow_cx = { location = "europe-west1" }
