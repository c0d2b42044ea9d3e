"""AWS Partner Central: what EventBridge tells of opportunities, and the opportunities as the selling API returns them."""
