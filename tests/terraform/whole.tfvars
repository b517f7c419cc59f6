# Everything that there is, switched on: what the code reads and this lacks is found by the tests.
project      = "tulip-demo"
archives     = "tests/archives"
alert_emails = ["ops@example.com"]

environment = {
  LIVECHAT_ORGANIZATION_ID = "0a1b"
  LIVECHAT_CLIENT_ID       = "client"
  LIVECHAT_GROUP_ID        = "4"
  LIVECHAT_BOT_ID          = "bot"
  LIVECHAT_API_URL         = "https://api.livechatinc.com"
  LIVECHAT_ACCOUNTS_URL    = "https://accounts.livechat.com"
  LIVECHAT_API_VERSION     = "3.6"

  EIGHT_BY_EIGHT_TENANT           = "tulip"
  EIGHT_BY_EIGHT_CHANNEL_ID       = "channel"
  EIGHT_BY_EIGHT_QUEUE_ID         = "214"
  EIGHT_BY_EIGHT_QUEUE_STATISTICS = "realtime"
  EIGHT_BY_EIGHT_SCHEDULE_ID      = "7"
  EIGHT_BY_EIGHT_API_URL          = "https://api.8x8.com"
}

secrets = {
  HANDOFF_TOKEN_KEY         = ["1"]
  LIVECHAT_CLIENT_SECRET    = ["1"]
  LIVECHAT_REFRESH_TOKEN    = ["1"]
  LIVECHAT_WEBHOOK_SECRET   = ["2", "1"]
  LIVECHAT_BOT_SECRET       = ["1"]
  EIGHT_BY_EIGHT_API_KEY    = ["1"]
  EIGHT_BY_EIGHT_API_SECRET = ["1"]
}

dialogflow_cx = { location = "europe-west1" }
