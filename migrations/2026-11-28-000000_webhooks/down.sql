DROP TABLE webhook_attempts, webhook_parked_orders, webhooks;
