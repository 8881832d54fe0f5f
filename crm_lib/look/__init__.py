"""The look that all HTML pages share: colours and type, inlined fonts, policy, safe writing."""
