import TurnoutCore
package import TurnoutProviders
package import TurnoutRouting

extension ChatRequest {
    /// The text to be routed: the ``Ask`` of the conversation, or `prompt` as it stands where there are no messages.
    package func ask() -> String { hasMessages ? Ask(latestFirst: userTexts()).text : promptText() }

    /// The request as a decision sees it.
    package func query() -> Query {
        var counts = TextCounts()
        forEachText { counts = counts + TextCounts($0) }
        return Query(
            ask(), needs: needs,
            size: PromptSize(text: counts, messages: max(needs.messageCount, 1), images: needs.images))
    }
}
