"""The plan's worked examples, played on a devnet with signed transactions from issue to the bank's last receipt."""
