"""Every sentence a customer can see, per language. `{agent}` is the agent's name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

DEFAULT_LANGUAGE = "en"

TEXTS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "connecting": "One moment, we are looking for a colleague.",
        "connecting_delayed": "It takes longer than usual to reach a colleague. We keep trying.",
        "joined": "{agent} has joined the chat.",
        "joined_unnamed": "A colleague has joined the chat.",
        "left": "{agent} has left the chat. Please stay, we are looking for another colleague.",
        "left_unnamed": "Your colleague has left the chat. Please stay, we are looking for another.",
        "transferred": "You are being transferred to another colleague.",
        "ended": "The chat with our colleague has ended. You are talking to the assistant again.",
        "customer_left": "You have left the chat. You are talking to the assistant again.",
        "not_accepted": "Nobody was free to take your chat. You are talking to the assistant again.",
        "inactive_warning": "Are you still there? Without an answer this chat will end soon.",
        "inactive": "The chat was ended because it was quiet. You are talking to the assistant again.",
        "unavailable": "Nobody is available to chat at the moment.",
        "provider_error": "We could not connect you to a colleague. Please try again later.",
        "connection_lost": "The connection to our colleague was lost. Please ask for a colleague again.",
        "delayed": "Your last message has not arrived yet. You are still connected, and we keep trying.",
        "undelivered": "Your last message could not be delivered. You are still connected.",
        "undelivered_ended": "Your last message could not be delivered: the chat had already ended.",
        "not_connected": "You are not connected to a colleague at the moment.",
        "file_not_shown": "Your colleague sent a file that cannot be shown here.",
        "file_not_sent": "Your file could not be sent.",
        "file_in_doubt": "It is not certain that your file has arrived.",
    },
    "nl": {
        "connecting": "Een ogenblik, we zoeken een collega voor u.",
        "connecting_delayed": "Het duurt langer dan normaal om een collega te bereiken. We blijven het proberen.",
        "joined": "{agent} neemt nu deel aan het gesprek.",
        "joined_unnamed": "Een collega neemt nu deel aan het gesprek.",
        "left": "{agent} heeft het gesprek verlaten. Blijf hier, we zoeken een andere collega.",
        "left_unnamed": "Uw collega heeft het gesprek verlaten. Blijf hier, we zoeken een andere.",
        "transferred": "U wordt doorverbonden met een andere collega.",
        "ended": "Het gesprek met onze collega is beëindigd. U praat weer met de assistent.",
        "customer_left": "U hebt het gesprek verlaten. U praat weer met de assistent.",
        "not_accepted": "Niemand was vrij om u te helpen. U praat weer met de assistent.",
        "inactive_warning": "Bent u er nog? Zonder antwoord eindigt dit gesprek binnenkort.",
        "inactive": "Het gesprek is gesloten omdat het stil was. U praat weer met de assistent.",
        "unavailable": "Op dit moment is er niemand beschikbaar.",
        "provider_error": "We konden u niet met een collega verbinden. Probeer het later opnieuw.",
        "connection_lost": "De verbinding met onze collega is verbroken. Vraag opnieuw om een collega.",
        "delayed": "Uw laatste bericht is nog niet aangekomen. U bent nog verbonden en we blijven het proberen.",
        "undelivered": "Uw laatste bericht kon niet worden bezorgd. U bent nog verbonden.",
        "undelivered_ended": "Uw laatste bericht kon niet worden bezorgd: het gesprek was al beëindigd.",
        "not_connected": "U bent op dit moment niet met een collega verbonden.",
        "file_not_shown": "Uw collega stuurde een bestand dat hier niet kan worden getoond.",
        "file_not_sent": "Uw bestand kon niet worden verstuurd.",
        "file_in_doubt": "Het is niet zeker dat uw bestand is aangekomen.",
    },
    "de": {
        "connecting": "Einen Moment, wir suchen eine Kollegin oder einen Kollegen für Sie.",
        "connecting_delayed": "Es dauert länger als sonst, jemanden zu erreichen. Wir versuchen es weiter.",
        "joined": "{agent} ist dem Chat beigetreten.",
        "joined_unnamed": "Jemand aus unserem Team ist dem Chat beigetreten.",
        "left": "{agent} hat den Chat verlassen. Bitte bleiben Sie, wir suchen Ersatz.",
        "left_unnamed": "Ihr Gegenüber hat den Chat verlassen. Bitte bleiben Sie, wir suchen Ersatz.",
        "transferred": "Sie werden weiterverbunden.",
        "ended": "Der Chat mit unserem Team ist beendet. Sie sprechen wieder mit dem Assistenten.",
        "customer_left": "Sie haben den Chat verlassen. Sie sprechen wieder mit dem Assistenten.",
        "not_accepted": "Niemand war frei für Ihren Chat. Sie sprechen wieder mit dem Assistenten.",
        "inactive_warning": "Sind Sie noch da? Ohne Antwort endet dieser Chat bald.",
        "inactive": "Der Chat wurde wegen Stille beendet. Sie sprechen wieder mit dem Assistenten.",
        "unavailable": "Im Moment ist niemand für einen Chat da.",
        "provider_error": "Wir konnten Sie nicht verbinden. Bitte versuchen Sie es später erneut.",
        "connection_lost": "Die Verbindung zu unserem Team ist abgebrochen. Bitte fragen Sie noch einmal nach jemandem.",
        "delayed": "Ihre letzte Nachricht ist noch nicht angekommen. Sie sind weiterhin verbunden, wir versuchen es weiter.",
        "undelivered": "Ihre letzte Nachricht kam nicht an. Sie sind weiterhin verbunden.",
        "undelivered_ended": "Ihre letzte Nachricht kam nicht an: Der Chat war schon beendet.",
        "not_connected": "Sie sind im Moment mit niemandem verbunden.",
        "file_not_shown": "Sie haben eine Datei bekommen, die hier nicht gezeigt werden kann.",
        "file_not_sent": "Ihre Datei konnte nicht gesendet werden.",
        "file_in_doubt": "Es ist nicht sicher, dass Ihre Datei angekommen ist.",
    },
    "fr": {
        "connecting": "Un instant, nous cherchons un collègue.",
        "connecting_delayed": "Joindre un collègue prend plus de temps que d'habitude. Nous continuons d'essayer.",
        "joined": "{agent} a rejoint la conversation.",
        "joined_unnamed": "Un collègue a rejoint la conversation.",
        "left": "{agent} a quitté la conversation. Restez en ligne, nous cherchons un autre collègue.",
        "left_unnamed": "Votre interlocuteur est parti. Restez en ligne, nous en cherchons un autre.",
        "transferred": "Vous êtes transféré à un autre collègue.",
        "ended": "La conversation avec notre collègue est terminée. L'assistant vous répond à nouveau.",
        "customer_left": "Vous avez quitté la conversation. L'assistant vous répond à nouveau.",
        "not_accepted": "Personne n'était libre. L'assistant vous répond à nouveau.",
        "inactive_warning": "Êtes-vous toujours là ? Sans réponse, cette conversation se terminera bientôt.",
        "inactive": "La conversation a été fermée, faute de messages. L'assistant vous répond à nouveau.",
        "unavailable": "Personne n'est disponible pour le moment.",
        "provider_error": "Nous n'avons pas pu vous mettre en relation. Réessayez plus tard.",
        "connection_lost": "La connexion avec notre collègue a été perdue. Veuillez redemander un collègue.",
        "delayed": "Votre dernier message n'est pas encore arrivé. Vous êtes toujours connecté, nous continuons d'essayer.",
        "undelivered": "Votre dernier message n'a pas pu être remis. Vous êtes toujours connecté.",
        "undelivered_ended": "Votre dernier message n'a pas été remis : la conversation était terminée.",
        "not_connected": "Vous n'êtes pas en relation avec un collègue pour le moment.",
        "file_not_shown": "Votre interlocuteur a envoyé un fichier qui ne peut pas être affiché ici.",
        "file_not_sent": "Votre fichier n'a pas pu être envoyé.",
        "file_in_doubt": "Il n'est pas certain que votre fichier soit arrivé.",
    },
    "es": {
        "connecting": "Un momento, estamos buscando a un compañero.",
        "connecting_delayed": "Contactar con un compañero tarda más de lo normal. Seguimos intentándolo.",
        "joined": "{agent} se ha unido al chat.",
        "joined_unnamed": "Un compañero se ha unido al chat.",
        "left": "{agent} ha salido del chat. Espere, estamos buscando a otro compañero.",
        "left_unnamed": "Su interlocutor ha salido del chat. Espere, estamos buscando a otro.",
        "transferred": "Le estamos pasando con otro compañero.",
        "ended": "El chat con nuestro compañero ha terminado. Vuelve a hablar con el asistente.",
        "customer_left": "Ha salido del chat. Vuelve a hablar con el asistente.",
        "not_accepted": "Nadie estaba libre para atenderle. Vuelve a hablar con el asistente.",
        "inactive_warning": "¿Sigue ahí? Sin respuesta, este chat terminará pronto.",
        "inactive": "El chat se ha cerrado por inactividad. Vuelve a hablar con el asistente.",
        "unavailable": "En este momento no hay nadie disponible.",
        "provider_error": "No hemos podido conectarle. Inténtelo de nuevo más tarde.",
        "connection_lost": "Se ha perdido la conexión con nuestro compañero. Pida de nuevo hablar con alguien.",
        "delayed": "Su último mensaje aún no ha llegado. Sigue conectado y lo seguimos intentando.",
        "undelivered": "Su último mensaje no se pudo entregar. Sigue conectado.",
        "undelivered_ended": "Su último mensaje no se pudo entregar: el chat ya había terminado.",
        "not_connected": "En este momento no está conectado con ningún compañero.",
        "file_not_shown": "Su interlocutor envió un archivo que no se puede mostrar aquí.",
        "file_not_sent": "No se pudo enviar su archivo.",
        "file_in_doubt": "No es seguro que su archivo haya llegado.",
    },
}

AGENT = "{agent}"
PLACEHOLDERS = frozenset({AGENT})
NAMES = frozenset(TEXTS[DEFAULT_LANGUAGE])


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """The product's texts with a deployment's own over them; an empty text keeps silent."""

    own: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def get(self, name: str, language: str, *, agent: str = "") -> str:
        """Return the text `name` in `language` ("en", "pt-BR"), or in English."""
        found = next(
            table[name]
            for tag in (*_widening(language), DEFAULT_LANGUAGE)
            for table in (self.own.get(tag, {}), TEXTS.get(tag, {}))
            if name in table
        )
        return found.replace(AGENT, agent)


def _widening(language: str) -> tuple[str, ...]:
    """Return the tags to try, narrow before wide: "pt-br", "pt"."""
    tag = language.lower().replace("_", "-")
    base = tag.partition("-")[0]
    return (tag, base) if tag != base else (tag,)
