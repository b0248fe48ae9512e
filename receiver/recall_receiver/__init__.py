"""The reference receiver of Recall.ai's real-time video."""
